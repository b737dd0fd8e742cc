import contextlib
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from generative.style.optimizers import OPTIMIZERS, BudgetExhausted, adam, rounds
from tests.support.style import make_options

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
        OPTIMIZERS[name](quadratic, start, make_options())
    np.testing.assert_array_equal(start, 0.1)
    points = np.array(quadratic.points)
    assert points.min() >= 0
    assert points.max() <= 1
    best = min(quadratic.points, key=quadratic.loss)
    np.testing.assert_allclose(best, np.clip(target, 0, 1), atol=1e-3)


@pytest.mark.parametrize("changes", [{"optimizer": "adam"}, {"restart_every": 2}])
def test_an_exhausted_budget_is_passed_on(changes: dict[str, Any]) -> None:
    quadratic = Quadratic(np.linspace(0.2, 0.9, 4), budget=3)
    with pytest.raises(BudgetExhausted):
        list(rounds(quadratic, np.zeros(4), make_options(**changes)))
    assert len(quadratic.points) == 3


def test_lbfgs_needs_fewer_evaluations() -> None:
    """It learns the curvature, in one run."""
    lowest: dict[str, Any] = {}
    for name in OPTIMIZERS:
        quadratic = Quadratic(np.linspace(0.2, 0.8, 30), budget=40)
        with contextlib.suppress(BudgetExhausted):
            OPTIMIZERS[name](quadratic, np.full(30, 0.1), make_options())
        lowest[name] = min(quadratic.loss(point) for point in quadratic.points)
    assert lowest["lbfgs"] < 0.01 * lowest["adam"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_without_bounds_the_target_is_reached(name: str) -> None:
    target = np.array([0.3, 0.7, 1.4, -0.5, 0.5])
    quadratic = Quadratic(target, budget=300)
    with contextlib.suppress(BudgetExhausted):
        OPTIMIZERS[name](quadratic, np.full(5, 0.1), make_options(bounds="none"))
    best = min(quadratic.points, key=quadratic.loss)
    np.testing.assert_allclose(best, target, atol=1e-3)


def points_of(start: Array, budget: int, **changes: Any) -> list[Array]:
    """What L-BFGS evaluates of a quadratic."""
    quadratic = Quadratic(np.linspace(0.2, 0.8, 30), budget)
    with contextlib.suppress(BudgetExhausted):
        list(rounds(quadratic, start, make_options(**changes)))
    return quadratic.points


def test_a_run_that_begins_anew_is_one_from_where_the_last_ended() -> None:
    """The first run is that without restarts; the second begins with one of its points, and goes on
    as a run that begins there."""
    start = np.full(30, 0.1)
    never, twice = points_of(start, 16), points_of(start, 16, restart_every=8)
    begins = next(i for i in range(1, 16) if (twice[i] != never[i]).any())
    # scipy looks at the count between line searches.
    assert 8 < begins <= 12
    np.testing.assert_array_equal(twice[:begins], never[:begins])
    assert any((twice[begins] == point).all() for point in twice[:begins])
    afresh = points_of(twice[begins], 16 - begins)
    np.testing.assert_array_equal(twice[begins:], afresh)


def test_as_many_rounds_as_asked() -> None:
    """They are those of a run without that limit, which goes on from there."""
    start = np.full(30, 0.1)
    endless, twice = (
        points_of(start, 60, restart_every=4),
        points_of(start, 60, restart_every=4, rounds=2),
    )
    assert 8 < len(twice) < 20
    np.testing.assert_array_equal(twice, endless[: len(twice)])
    assert (endless[len(twice)] == twice).all(axis=1).any()


def test_white_is_the_unit_of_the_variables() -> None:
    """With white at 255 it is scipy's L-BFGS of the picture in levels of grey."""
    start = np.full(30, 0.5)
    scaled = points_of(start, 8, white=255.0, bounds="none")
    quadratic = Quadratic(np.linspace(0.2, 0.8, 30), budget=8)

    def of_levels(levels: Array) -> tuple[float, Array]:
        loss, gradient = quadratic(levels / 255)
        return loss, gradient / 255

    with contextlib.suppress(BudgetExhausted):
        minimize(of_levels, 255 * start, jac=True, method="L-BFGS-B")
    np.testing.assert_allclose(scaled, quadratic.points, rtol=1e-9)
    assert not np.allclose(scaled[1], points_of(start, 8, bounds="none")[1])


def test_a_shorter_memory_takes_other_steps() -> None:
    start = np.full(30, 0.1)
    one, many = points_of(start, 12, memory=1), points_of(start, 12)
    np.testing.assert_array_equal(one[:3], many[:3])  # one step is known to both
    assert (one[-1] != many[-1]).any()


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
        adam(evaluate, np.array([0.5]), make_options(learning_rate=0.1))
    first = 0.9 * 0.1 * 0.5 + 0.1 * -0.25
    second = 0.999 * 0.001 * 0.5**2 + 0.001 * 0.25**2
    step = 0.1 * (first / (1 - 0.9**2)) / np.sqrt(second / (1 - 0.999**2))
    assert points == pytest.approx([0.5, 0.4, 0.4 - step])
