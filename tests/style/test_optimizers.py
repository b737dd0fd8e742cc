import contextlib
from typing import Any

import numpy as np
import pytest

from generative.style.optimizers import OPTIMIZERS, BudgetExhausted, adam

Array = np.ndarray


class Quadratic:
    """The square of the distance from `target`, steeper in some directions, with what it was
    called with."""

    def __init__(self, target: Array, budget: int) -> None:
        self.target, self.budget = target, budget
        self.steep = np.linspace(1, 30, len(target))
        self.points: list[Array] = []

    def __call__(self, point: Array) -> tuple[float, Array]:
        if len(self.points) == self.budget:
            raise BudgetExhausted
        self.points.append(point.copy())
        return self.loss(point), 2 * self.steep * (point - self.target)

    def loss(self, point: Array) -> float:
        return float((self.steep * (point - self.target) ** 2).sum())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_loss_falls_between_the_bounds(name: str) -> None:
    target = np.array([0.3, 0.7, 1.4, -0.5, 0.5])
    quadratic = Quadratic(target, budget=300)
    start = np.full(5, 0.1)
    with contextlib.suppress(BudgetExhausted):
        OPTIMIZERS[name](quadratic, start, 0.02)
    np.testing.assert_array_equal(start, 0.1)
    points = np.array(quadratic.points)
    assert points.min() >= 0
    assert points.max() <= 1
    best = min(quadratic.points, key=quadratic.loss)
    np.testing.assert_allclose(best, np.clip(target, 0, 1), atol=1e-3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_exhausted_budget_is_passed_on(name: str) -> None:
    quadratic = Quadratic(np.linspace(0.2, 0.9, 4), budget=3)
    with pytest.raises(BudgetExhausted):
        OPTIMIZERS[name](quadratic, np.zeros(4), 0.02)
    assert len(quadratic.points) == 3


def test_lbfgs_needs_fewer_evaluations() -> None:
    """It learns the curvature, in one run."""
    lowest: dict[str, Any] = {}
    for name in OPTIMIZERS:
        quadratic = Quadratic(np.linspace(0.2, 0.8, 30), budget=40)
        with contextlib.suppress(BudgetExhausted):
            OPTIMIZERS[name](quadratic, np.full(30, 0.1), 0.02)
        lowest[name] = min(quadratic.loss(point) for point in quadratic.points)
    assert lowest["lbfgs"] < 0.01 * lowest["adam"]


def test_the_steps_of_adam_are_the_papers() -> None:
    """One weight, two steps computed here: the first is the learning rate whatever the gradient."""
    gradients = iter([0.5, -0.25])
    points: list[float] = []

    def evaluate(point: Array) -> tuple[float, Array]:
        if len(points) == 2:
            points.append(point[0])
            raise BudgetExhausted
        points.append(point[0])
        return 0.0, np.array([next(gradients)])

    with contextlib.suppress(BudgetExhausted):
        adam(evaluate, np.array([0.5]), 0.1)
    first = 0.9 * 0.1 * 0.5 + 0.1 * -0.25
    second = 0.999 * 0.001 * 0.5**2 + 0.001 * 0.25**2
    step = 0.1 * (first / (1 - 0.9**2)) / np.sqrt(second / (1 - 0.999**2))
    assert points == pytest.approx([0.5, 0.4, 0.4 - step])
