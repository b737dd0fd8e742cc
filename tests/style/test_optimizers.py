import contextlib
from typing import Any

import numpy as np
import pytest

from generative.style.optimizers import OPTIMIZERS
from generative.style.optimizers import Spent
from generative.style.optimizers import adam

Array = np.ndarray


class Bowl:
    """The square of the distance from `target`, steeper in some directions, and who asked."""

    def __init__(self, target: Array, budget: int) -> None:
        self.target, self.budget = target, budget
        self.steep = np.linspace(1, 30, len(target))
        self.asked: list[Array] = []

    def __call__(self, place: Array) -> tuple[float, Array]:
        if len(self.asked) == self.budget:
            raise Spent
        self.asked.append(place.copy())
        away = place - self.target
        return float((self.steep * away**2).sum()), 2 * self.steep * away


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_they_go_down_and_stay_between_black_and_white(name: str) -> None:
    target = np.array([0.3, 0.7, 1.4, -0.5, 0.5])
    bowl = Bowl(target, budget=300)
    start = np.full(5, 0.1)
    with contextlib.suppress(Spent):
        OPTIMIZERS[name](bowl, start, 0.02)
    np.testing.assert_array_equal(start, 0.1)
    asked = np.array(bowl.asked)
    assert asked.min() >= 0
    assert asked.max() <= 1
    best = min(bowl.asked, key=lambda place: (bowl.steep * (place - target) ** 2).sum())
    np.testing.assert_allclose(best, np.clip(target, 0, 1), atol=1e-3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_they_pass_on_that_the_evaluations_are_spent(name: str) -> None:
    bowl = Bowl(np.linspace(0.2, 0.9, 4), budget=3)
    with pytest.raises(Spent):
        OPTIMIZERS[name](bowl, np.zeros(4), 0.02)
    assert len(bowl.asked) == 3


def test_lbfgs_needs_fewer_evaluations() -> None:
    """It learns the curvature, in one run."""
    lowest: dict[str, Any] = {}
    for name in OPTIMIZERS:
        bowl = Bowl(np.linspace(0.2, 0.8, 30), budget=40)
        with contextlib.suppress(Spent):
            OPTIMIZERS[name](bowl, np.full(30, 0.1), 0.02)
        lowest[name] = min((bowl.steep * (p - bowl.target) ** 2).sum() for p in bowl.asked)
    assert lowest["lbfgs"] < 0.01 * lowest["adam"]


def test_adams_steps_are_the_papers() -> None:
    """One weight, two steps by hand: the first is the learning rate whatever the gradient."""
    gradients = iter([0.5, -0.25])
    asked: list[float] = []

    def evaluate(place: Array) -> tuple[float, Array]:
        if len(asked) == 2:
            asked.append(place[0])
            raise Spent
        asked.append(place[0])
        return 0.0, np.array([next(gradients)])

    with contextlib.suppress(Spent):
        adam(evaluate, np.array([0.5]), 0.1)
    first = 0.9 * 0.1 * 0.5 + 0.1 * -0.25
    second = 0.999 * 0.001 * 0.5**2 + 0.001 * 0.25**2
    step = 0.1 * (first / (1 - 0.9**2)) / np.sqrt(second / (1 - 0.999**2))
    assert asked == pytest.approx([0.5, 0.4, 0.4 - step])
