"""Errors of numbers, against the formulas and against samples of known spread."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from generative.core.uncertainty import (
    bootstrap,
    mean_with_error,
    with_bootstrap_error,
    with_jackknife_error,
)

Array = np.ndarray
VALUES = np.random.default_rng(0).normal(3, 2, 900)


def test_the_error_of_a_mean_is_scipys() -> None:
    found = mean_with_error("bits", VALUES)
    assert found == pytest.approx({"bits": VALUES.mean(), "bits_standard_error": stats.sem(VALUES)})


def test_of_one_value_there_is_none() -> None:
    assert mean_with_error("bits", np.array([2.5])) == {"bits": 2.5}


def test_of_truth_values_it_is_that_of_a_share() -> None:
    found = mean_with_error("accuracy", np.repeat([True, False], [90, 10]))
    assert found["accuracy"] == 0.9
    assert found["accuracy_standard_error"] == pytest.approx(np.sqrt(0.9 * 0.1 / 99))


def test_a_bootstrap_finds_the_error_of_a_mean_and_of_a_median() -> None:
    mean = with_bootstrap_error("mean", lambda i: float(VALUES[i].mean()), 900, 500, 1)
    assert mean["mean"] == pytest.approx(VALUES.mean())
    assert mean["mean_standard_error"] == pytest.approx(stats.sem(VALUES), rel=0.1)
    median = with_bootstrap_error("median", lambda i: float(np.median(VALUES[i])), 900, 500, 1)
    # Of a normal distribution: sqrt(pi / 2) times that of the mean.
    assert median["median_standard_error"] == pytest.approx(1.25 * stats.sem(VALUES), rel=0.3)


def test_one_seed_draws_the_same_places() -> None:
    draws = [bootstrap(lambda i: float(i.sum()), 50, 20, seed) for seed in (1, 1, 2)]
    first, again, other = (draw.bootstrap_distribution for draw in draws)
    assert (first == again).all()
    assert (first != other).any()


def test_a_jackknife_finds_the_error_of_a_mean_and_of_a_correlation() -> None:
    def error(metric: Callable[[Array], float]) -> float:
        found = with_jackknife_error("it", metric, 900, groups=300)
        assert found["it"] == metric(np.arange(900))
        return found["it_standard_error"]

    assert error(lambda i: float(VALUES[i].mean())) == pytest.approx(stats.sem(VALUES), rel=0.1)
    others = VALUES + np.random.default_rng(1).normal(0, 2, 900)
    correlation = np.corrcoef(VALUES, others)[0, 1]
    of_all = error(lambda i: float(np.corrcoef(VALUES[i], others[i])[0, 1]))
    assert of_all == pytest.approx((1 - correlation**2) / np.sqrt(900), rel=0.15)
