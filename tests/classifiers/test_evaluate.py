"""What is measured of one classifier."""

from pathlib import Path

import numpy as np
import pytest

from generative.classifiers.evaluate import Evaluate, evaluate
from generative.datasets.base.dataset import Prepared
from tests.support.classifiers import SMALL
from tests.support.classifiers import build_classifier as build


def test_what_is_measured(prepared_mnist: Path, tmp_path: Path) -> None:
    data = Prepared("mnist", {"binarization": "none", "binarization_seed": 1}, prepared_mnist)
    model = build("separable", **SMALL["separable"])
    found = evaluate(model, data, Evaluate(bins=15, resamples=20, seed=1), tmp_path)
    images, labels = data.load("test")
    entropy = -np.log(model.probabilities(images)[np.arange(len(labels)), labels]).mean()
    accuracy = (model.outputs_of(images)["logits"].argmax(axis=1) == labels).mean()
    errors = {n: found.pop(n) for n in list(found) if n.endswith("_standard_error")}
    assert set(errors) == {f"{name}_standard_error" for name in set(found) - {"parameters"}}
    spread = np.sqrt(accuracy * (1 - accuracy) / (len(labels) - 1))
    assert errors["test_accuracy_standard_error"] == pytest.approx(spread)
    assert found == {
        "test_accuracy": pytest.approx(accuracy),
        "cross_entropy_nats": pytest.approx(entropy, rel=1e-5),
        "expected_calibration_error": found["expected_calibration_error"],
        "parameters": model.count_params(),
    }
    assert 0 <= found["expected_calibration_error"] <= 1
    assert not list(tmp_path.iterdir())
