"""XLA: a training step of every network compiles, and does what the plain step does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.training import checkpoint
from tests.support.noise import draw_from_table
from tests.support.training import KEYS, Small

DEEP = "application"


def step(small: Small, batch: Any, compiled: bool) -> tuple[dict[str, float], list[Any]]:
    """The metrics of a first step, and what optimizers keep of its gradients."""
    model = small.build()
    model.compile(10)
    if hasattr(model, "carry"):
        model.carry(small.train.batch_size)
    train = tf.function(model.train_step, jit_compile=compiled)
    metrics = {name: float(value) for name, value in train(batch).items()}
    if compiled:
        assert "HloModule" in train.experimental_get_compiler_ir(batch)(stage="hlo")
    kept = [v for optimizer in checkpoint.optimizers(model) for v in optimizer.variables]
    return metrics, [v.numpy() for v in kept if v.path.endswith(("momentum", "velocity"))]


@pytest.fixture
def precise(key: str) -> Iterator[None]:
    """Float64 for a network so deep that in float32 the last bit decides: MobileNet has 27 ReLUs,
    and where one is at its edge all gradients before it jump by percents."""
    before = keras.config.dtype_policy()
    if key == DEEP:
        keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_a_compiled_step_is_the_plain_one(
    key: str,
    precise: None,
    tiny_params: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = Small(key, tiny_params, request)
    if key == DEEP:  # moved and blurred in float32
        small.train.model.update(shift_pixels=0, blur_pixels=0.0)
    batch = small.batch()
    draw_from_table(monkeypatch, small.train.batch_size)
    plain, gradients = step(small, batch, compiled=False)
    compiled, others = step(small, batch, compiled=True)
    assert gradients
    assert compiled == pytest.approx(plain, rel=1e-4, abs=1e-5)
    for one, other in zip(gradients, others, strict=True):
        # Where a ReLU is at its edge, the last bit decides.
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=0.01 * np.abs(one).max() + 1e-6)
