"""What is measured of the judge, and which pictures are written."""

from pathlib import Path

import numpy as np
import pytest

from generative.classifiers import metrics
from generative.classifiers.base.calibration import reliability
from generative.classifiers.base.classifier import outputs_of
from generative.classifiers.evaluate import Evaluate
from generative.classifiers.judge import build_judge
from generative.classifiers.judge_quality import evaluate_judge
from generative.classifiers.render import Render
from generative.datasets.base.dataset import Prepared
from tests.support.classifiers import SMALL
from tests.support.classifiers import build_classifier as build


def test_the_digits_network_is_measured_and_drawn(prepared_mnist: Path, tmp_path: Path) -> None:
    data = Prepared("mnist", {"binarization": "none", "binarization_seed": 1}, prepared_mnist)
    models = {name: build(name, **SMALL[name]) for name in ("sequential", "residual")}
    judge = build_judge(models, models["residual"], data, "fitted")
    drawing = Render(mistakes=6, columns=3, bins=5)
    found = evaluate_judge(
        judge.digits, data, Evaluate(bins=15, resamples=5, seed=1), drawing, tmp_path
    )
    images, labels = data.load("test")
    probabilities = outputs_of(judge.digits, images)
    assert found["test_accuracy"] == pytest.approx(np.mean(probabilities.argmax(axis=1) == labels))
    entropy = metrics.cross_entropy(probabilities, labels).mean()
    assert found["cross_entropy_nats"] == pytest.approx(entropy, rel=1e-5)
    diagram = reliability(probabilities, labels, 15)
    calibration_error = metrics.expected_calibration_error(diagram)
    assert found["expected_calibration_error"] == pytest.approx(calibration_error, rel=1e-5)
    assert found["parameters"] == sum(model.count_params() for model in models.values())
    for name, weight in judge.weights.items():
        assert found[f"{name}_weight"] == weight
    assert {file.name for file in tmp_path.iterdir()} == {
        *("reliability.png", "reliability.csv", "hardest.png")
    }
