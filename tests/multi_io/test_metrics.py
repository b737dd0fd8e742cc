import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from generative.multi_io import metrics as graphs

ALL = np.arange(4)


def test_a_number() -> None:
    known = np.array([1590.0, 1600.0])
    found = graphs.scores("number", np.array([1.0, 2, 3, 4]), np.array([1.0, 1, 1, 1]), known)
    score = found["mean_absolute_error"]
    assert score.model(ALL) == pytest.approx(1.5)
    assert score.baseline(ALL) == pytest.approx(1594)
    assert score.margin(ALL) == pytest.approx(1592.5)


def test_a_class() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]])
    found = graphs.scores("class", probabilities, np.array([0, 1, 0, 0]), np.array([1, 1, 0]))
    assert found["accuracy"].model(ALL) == 0.75
    assert found["accuracy"].baseline(ALL) == 0.25
    assert found["accuracy"].margin(ALL) == 0.5


def test_a_verdict() -> None:
    truth, told = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.7, 0.4])
    found = graphs.scores("verdict", told, truth, truth)
    assert found["accuracy"].model(ALL) == 0.5
    assert found["auc"].model(ALL) == roc_auc_score(truth, told)
    assert found["auc"].baseline(ALL) == 0.5
    by_hand = graphs.scores("verdict", told, truth, truth, likeness=np.array([1, 2, 3, 4.0]))
    assert by_hand["auc"].baseline(ALL) == 1.0


def test_the_interval_of_a_mean_is_that_of_the_normal() -> None:
    values = np.random.default_rng(0).normal(size=400)
    low, high = graphs.interval(graphs.mean_of(values), np.arange(400), np.arange(400), 2000, 1)
    assert (low, high) == pytest.approx(
        (values.mean() - 1.96 * 0.05, values.mean() + 1.96 * 0.05), abs=0.015
    )


def test_groups_are_drawn_together() -> None:
    """Ten equal values count once: the interval is as wide as that of the groups alone."""
    values = np.repeat(np.random.default_rng(0).normal(size=30), 10)
    groups = np.repeat(np.arange(30), 10)
    alone = graphs.interval(graphs.mean_of(values), np.arange(300), np.arange(300), 500, 1)
    together = graphs.interval(graphs.mean_of(values), np.arange(300), groups, 500, 1)
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])
