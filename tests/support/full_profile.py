"""Three steps of a network at the size of a profile, in a process of its own: what it prints is the
largest memory that the process had, in megabytes.

python -m tests.support.full_profile KEY PARAMS SMALL_PARAMS PREPARED
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generative.training import devices
from tests.support.training import Small


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


def main(key: str, parameters: str, small_parameters: str, prepared: str) -> None:
    request: Any = SimpleNamespace(getfixturevalue=lambda _: Path(prepared))
    full = Small(key, Path(parameters), request)
    model = full.build()
    model.compile(3)
    devices.share(model, full.train.batch_size)
    small = Small(key, Path(small_parameters), request).batch()
    batch = keras.tree.map_structure(enlarged(full, model), small)
    step = tf.function(model.train_step)
    for _ in range(3):
        assert all(np.isfinite(value) for value in step(batch).values())
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak
    print(int(peak[1]) // 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
