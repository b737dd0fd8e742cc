import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from generative.multi_io.metrics import bootstrap_interval, mean_of, scores

ALL = np.arange(4)


def test_numeric() -> None:
    train_targets = np.array([1590.0, 1600.0])
    found = scores("numeric", np.array([1.0, 2, 3, 4]), np.array([1.0, 1, 1, 1]), train_targets)
    score = found["mean_absolute_error"]
    assert score.model(ALL) == pytest.approx(1.5)
    assert score.baseline(ALL) == pytest.approx(1594)
    assert score.margin(ALL) == pytest.approx(1592.5)


def test_categorical() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]])
    found = scores("categorical", probabilities, np.array([0, 1, 0, 0]), np.array([1, 1, 0]))
    assert found["accuracy"].model(ALL) == 0.75
    assert found["accuracy"].baseline(ALL) == 0.25
    assert found["accuracy"].margin(ALL) == 0.5


def test_binary() -> None:
    targets, predictions = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.7, 0.4])
    found = scores("binary", predictions, targets, targets)
    assert found["accuracy"].model(ALL) == 0.5
    assert found["auc"].model(ALL) == roc_auc_score(targets, predictions)
    assert found["auc"].baseline(ALL) == 0.5
    similarity = np.array([1, 2, 3, 4.0])
    compared = scores("binary", predictions, targets, targets, similarity)
    assert compared["auc"].baseline(ALL) == 1.0


def test_the_interval_of_a_mean_is_that_of_the_normal() -> None:
    values = np.random.default_rng(0).normal(size=400)
    low, high = bootstrap_interval(mean_of(values), np.arange(400), np.arange(400), 2000, 1)
    assert (low, high) == pytest.approx(
        (values.mean() - 1.96 * 0.05, values.mean() + 1.96 * 0.05), abs=0.015
    )


def test_groups_are_resampled_together() -> None:
    """Ten equal values count once: the interval is as wide as that of the groups alone."""
    values = np.repeat(np.random.default_rng(0).normal(size=30), 10)
    groups = np.repeat(np.arange(30), 10)
    alone = bootstrap_interval(mean_of(values), np.arange(300), np.arange(300), 500, 1)
    together = bootstrap_interval(mean_of(values), np.arange(300), groups, 500, 1)
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])
