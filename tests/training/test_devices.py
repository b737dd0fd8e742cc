"""Several devices: they share each batch, and a step is that of one device."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.training import checkpoint
from tests.support.noise import draw_from_table
from tests.support.training import CPU, KEYS, Small


def step(small: Small, workspace: Path, strategy: tf.distribute.Strategy) -> tuple[Any, ...]:
    """The metrics of a step, and what optimizers keep of its gradients."""
    with strategy.scope():
        model = small.build()
    history = small.fit(model, workspace, device=replace(CPU, strategy=strategy))
    kept = [v for optimizer in checkpoint.optimizers(model) for v in optimizer.variables]
    gradients = {v.path: v.numpy() for v in kept if v.path.endswith(("momentum", "velocity"))}
    return dict(history.table.iloc[0]), gradients


@pytest.fixture(scope="module")
def mirrored() -> tf.distribute.Strategy:
    """Of both devices; a second one in a process would take the first one's communication."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_a_step_of_two_devices_is_that_of_one(
    key: str,
    tiny_params: Path,
    tmp_path: Path,
    mirrored: tf.distribute.Strategy,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = Small(key, tiny_params, request, steps_per_epoch=1)
    draw_from_table(monkeypatch, small.train.batch_size)
    one, gradients = step(small, tmp_path / "one", tf.distribute.get_strategy())
    two, others = step(small, tmp_path / "two", mirrored)
    assert gradients
    bad = {
        k: (v, two[k])
        for k, v in one.items()
        if not k.startswith("val_") and two[k] != pytest.approx(v, rel=1e-4, abs=1e-5)
    }
    far = {
        k: (float(np.abs(v).max()), float(np.abs(v - o).max()))
        for (k, v), o in zip(gradients.items(), others.values(), strict=True)
        if not np.allclose(v, o, rtol=1e-3, atol=0.01 * np.abs(v).max() + 1e-7)
    }
    assert (bad, far) == ({}, {})
