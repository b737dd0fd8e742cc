from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from generative.multi_io.evaluate import Evaluate, evaluate
from tests.support import multi_io

OPTIONS = Evaluate(seed=1, resamples=20)


def names(metric: str, *groups: str) -> set[str]:
    """What is measured of one metric."""
    bounds = {f"{metric}_margin_{bound}" for bound in ("low", "high")}
    by_group = {f"{bound}_by_{group}" for bound in bounds for group in groups}
    return {metric, f"{metric}_baseline", f"{metric}_margin", *bounds, *by_group}


def test_every_output_beside_its_baseline(prepared_passages: Path, tmp_path: Path) -> None:
    data = multi_io.prepared("passage", prepared_passages)
    model = multi_io.build("passage", data)
    found = evaluate(model, data, OPTIONS, tmp_path)
    measured = ("year_mean_absolute_error", "genre_accuracy", "edition_accuracy", "edition_auc")
    assert set(found) == {"parameters"}.union(*(names(metric, "play") for metric in measured))
    inputs, targets = data.load("test")
    _, train_targets = data.load("train")
    errors = np.abs(model.predictions(inputs)["year"] - targets["year"])
    assert found["year_mean_absolute_error"] == pytest.approx(errors.mean())
    baseline = np.abs(train_targets["year"].mean() - targets["year"]).mean()
    assert found["year_mean_absolute_error_baseline"] == pytest.approx(baseline)
    assert found["year_mean_absolute_error_margin"] == pytest.approx(baseline - errors.mean())
    assert found["edition_auc_baseline"] == 0.5
    for metric in measured:
        for suffix in ("", "_by_play"):
            low, high = (found[f"{metric}_margin_{bound}{suffix}"] for bound in ("low", "high"))
            assert low <= high
    assert found["parameters"] == model.count_params()


def test_subsets_are_measured_by_themselves(prepared_stories: Path, tmp_path: Path) -> None:
    data = multi_io.prepared("question_answering", prepared_stories)
    model = multi_io.build("question_answering", data)
    found = evaluate(model, data, OPTIONS, tmp_path)
    assert set(found) == {"parameters", *names("test_accuracy"), *names("two_fact_accuracy")}
    inputs, targets = data.load("test")
    correct = model.predictions(inputs)["answer"].argmax(axis=1) == targets["answer"]
    for prefix, chosen in data.subsets("test").items():
        assert found[f"{prefix}accuracy"] == pytest.approx(correct[chosen].mean())


def test_pairs_beside_their_similarity(prepared_lines: Path, tmp_path: Path) -> None:
    data = multi_io.prepared("siamese", prepared_lines)
    model = multi_io.build("siamese", data)
    found = evaluate(model, data, OPTIONS, tmp_path)
    assert set(found) == {"parameters", *names("test_accuracy", "play"), *names("auc", "play")}
    inputs, targets = data.load("test")
    similarity = data.similarity(inputs)
    assert found["auc_baseline"] == pytest.approx(roc_auc_score(targets["same"], similarity))
    assert found["auc"] == pytest.approx(
        roc_auc_score(targets["same"], model.predictions(inputs)["same"])
    )
