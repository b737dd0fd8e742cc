"""Optimizers from Keras' serialised form, and what is refused."""

from typing import Any

import keras
import numpy as np
import pytest

from generative.core import params
from generative.core.errors import BadInput
from generative.training.optimizers import ADAM, Decay, LearningRate, Optimizer, build

INVERSE = {
    "class_name": "InverseTimeDecay",
    "config": {"initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 0.5},
}


class Options(params.Schema):
    optimizer: Optimizer
    learning_rate: LearningRate


def rate_of(optimizer: keras.optimizers.Optimizer, step: int) -> float:
    optimizer.iterations.assign(step)
    return float(optimizer.learning_rate)


@pytest.mark.parametrize(
    ("rate", "decay", "steps", "expected"),
    [
        (0.1, "none", 10, [0.1, 0.1, 0.1]),
        (0.1, "cosine", 10, [0.1, 0.05, 0.0]),
        (0.1, "cosine", None, [0.1, 0.1, 0.1]),
        # Keras 2's `decay` per step.
        (INVERSE, "none", 10, [0.1, 0.1 / 3.5, 0.1 / 6]),
    ],
)
def test_rates(rate: Any, decay: Decay, steps: int | None, expected: list[float]) -> None:
    optimizer = build(ADAM, rate, decay, steps)
    found = [rate_of(optimizer, step) for step in (0, 5, 10)]
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_every_optimizer_of_keras_is_built_and_moves() -> None:
    kinds = {n for n, kind in vars(keras.optimizers).items() if is_optimizer(kind)}
    assert {"Adam", "RMSprop", "SGD", "Adamax"} <= kinds
    for name in kinds - {"Optimizer", "LossScaleOptimizer", "MultiOptimizer"}:
        form = {"class_name": name, "config": {"clipvalue": 0.5}}
        optimizer = build(params.check("test", Options, options(form)).optimizer, 0.1)
        variable = keras.Variable(np.ones(3))
        optimizer.apply([np.full(3, 9.0)], [variable])
        assert type(optimizer).__name__ == name
        assert (np.asarray(variable) < 1).all()
        assert optimizer.clipvalue == 0.5


def is_optimizer(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, keras.optimizers.Optimizer)


def options(optimizer: Any = ADAM, rate: Any = 0.1) -> dict[str, Any]:
    return {"optimizer": optimizer, "learning_rate": rate}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            options({"class_name": "Adamm", "config": {}}),
            "test.optimizer: .*must be of keras.optimizers",
        ),
        (options({"class_name": "Adam"}), "class_name and the arguments in config"),
        (options({}), "class_name and the arguments in config"),
        (options({"class_name": "Adam", "config": {"lr": 0.1}}), "lr"),
        (options({"class_name": "Adam", "config": {"decay": 0.1}}), "decay"),
        (options({"class_name": "Adam", "config": {"clipnorm": 1.0, "clipvalue": 1.0}}), "clip"),
        (options({"class_name": "Adam", "config": {"learning_rate": 0.1}}), "stands beside it"),
        (options({"class_name": "Adam", "config": -1}), "of keras.optimizers: class_name and"),
        (options(rate=0.0), "a number above 0, at most 1"),
        (options(rate=True), "a number above 0"),
        (options(rate="0.1"), "a number above 0"),
        (options(rate=float("nan")), "a number above 0"),
        (options(rate=1.5), "a number above 0, at most 1"),
        (options(rate={"class_name": "Linear", "config": {}}), "of keras.optimizers.schedules"),
        (options(rate={**INVERSE, "config": {}}), "of keras.optimizers.schedules"),
    ],
)
def test_what_keras_does_not_take_is_one_line(values: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message) as refused:
        params.check("test", Options, values)
    assert "\n" not in str(refused.value)


def test_an_object_of_keras_takes_the_place_of_another() -> None:
    shared = {"optimizer": {"class_name": "Adam", "config": {"beta_1": 0.5}}, "width": {"a": 1}}
    own = {"optimizer": {"class_name": "RMSprop", "config": {}}, "width": {"b": 2}}
    assert params.fold(shared, own) == {**own, "width": {"a": 1, "b": 2}}
    changed = params.fold(shared, {"optimizer": {"config": {"beta_1": 0.9}}})
    assert changed["optimizer"] == {"class_name": "Adam", "config": {"beta_1": 0.9}}
