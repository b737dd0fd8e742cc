"""The profile `full`: every network takes steps at its size, in the memory that is recorded."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core import params
from generative.pipeline import overlay
from generative.training import devices
from tests.support.training import KEYS, Small

STATUS, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@pytest.fixture(scope="module")
def full_params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """params.yaml with the profile."""
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(params.PATH.read_text())
    overlay.use(Path("profiles/full.yaml"), file)
    return file


def megabytes(field: str) -> float:
    """Of this process: VmRSS now, VmHWM at most since `PEAK` was reset."""
    found = re.search(rf"{field}:\s+(\d+) kB", STATUS.read_text())
    assert found
    return int(found.group(1)) / 1024


def enlarged(full: Small, model: Any) -> Callable[[Any], Any]:
    """An array of a small batch, repeated to the sizes of the profile."""

    def resize(rows: Any) -> Any:
        shape = np.shape(rows)[1:]
        if len(shape) == 3:
            shape = getattr(model, "image_shape", shape)
        elif full.train.family == "text":
            shape = (full.train.data["length"],)
        return tf.constant(np.resize(rows, (full.train.batch_size, *shape)))

    return resize


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS)
def test_three_steps(
    key: str,
    full_params: Path,
    tiny_params: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    full = Small(key, full_params, request)
    model = full.build()
    model.compile(3)
    devices.share(model, full.train.batch_size)
    small = Small(key, tiny_params, request).batch()
    batch = keras.tree.map_structure(enlarged(full, model), small)
    PEAK.write_text("5")
    held = megabytes("VmRSS")
    step = tf.function(model.train_step)
    for _ in range(3):
        assert all(np.isfinite(value) for value in step(batch).values())
    record_property("parameters", model.count_params())
    record_property("peak_mb", round(megabytes("VmHWM") - held))
