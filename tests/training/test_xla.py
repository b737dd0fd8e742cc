"""XLA: a training step of every network compiles, and does what the plain step does."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.training import checkpoint
from tests.support.training import KEYS, Small

TABLE = np.random.default_rng(0).random(2**20, np.float32)


def draw_from_table(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The same random numbers in both: XLA draws others from the same seed. Each call takes the
    next of one table, whose count begins again where the list is emptied."""
    calls: list[Any] = []
    table = tf.constant(TABLE)

    def uniform(
        shape: Any,
        seed: Any,
        minval: Any = 0,
        maxval: Any = None,
        dtype: Any = tf.float32,
        **_: Any,
    ) -> Any:
        calls.append(seed)
        begin = 7919 * len(calls) % (len(TABLE) // 2)
        count = tf.reduce_prod(tf.cast(shape, tf.int32))
        values = tf.reshape(table[begin : begin + count], shape)
        low, high = (tf.cast(end, tf.float32) for end in (minval, 1 if maxval is None else maxval))
        values = low + (high - low) * values
        return tf.cast(tf.floor(values) if tf.as_dtype(dtype).is_integer else values, dtype)

    def normal(
        shape: Any, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = tf.float32, **_: Any
    ) -> Any:
        values = tf.math.ndtri(tf.clip_by_value(uniform(shape, seed), 1e-3, 1 - 1e-3))
        return tf.cast(mean + stddev * values, dtype)

    def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, **_: Any) -> Any:
        shape = tf.shape(x) if noise_shape is None else noise_shape
        return tf.where(uniform(shape, seed) >= rate, x / (1 - rate), tf.zeros_like(x))

    monkeypatch.setattr(tf.random, "stateless_uniform", uniform)
    monkeypatch.setattr(tf.random, "stateless_normal", normal)
    monkeypatch.setattr(tf.random, "stateless_truncated_normal", normal)
    monkeypatch.setattr(tf.nn.experimental, "stateless_dropout", dropout)
    return calls


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


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_a_compiled_step_is_the_plain_one(
    key: str,
    tiny_params: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = Small(key, tiny_params, request)
    batch = small.batch()
    calls = draw_from_table(monkeypatch)
    plain, gradients = step(small, batch, compiled=False)
    calls.clear()
    compiled, others = step(small, batch, compiled=True)
    assert gradients
    assert compiled == pytest.approx(plain, rel=1e-4, abs=1e-5)
    for one, other in zip(gradients, others, strict=True):
        # Where a ReLU is at its edge, the last bit decides.
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=0.01 * np.abs(one).max() + 1e-7)
