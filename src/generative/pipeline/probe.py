"""What TensorFlow can do on this machine: a program of its own, which may crash or hang without the
one that asks.

python -m generative.pipeline.probe
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from generative.core import environment
from generative.core.errors import first_line

# isort: split
import numpy as np
import tensorflow as tf


def main() -> None:
    """Print one line of JSON: the devices, what TensorFlow was built for, and what works."""
    with environment.without_noise():
        gpus = tf.config.list_physical_devices("GPU")
    found: dict[str, Any] = {
        "gpus": [tf.config.experimental.get_device_details(gpu) for gpu in gpus],
        "built_for": tf.sysconfig.get_build_info().get("cuda_version", ""),
        "work": dict(tried()),
    }
    print(json.dumps(found, default=str))


def tried() -> Iterator[tuple[str, str]]:
    """What a training needs of the device, and why it does not work; nothing where it does."""
    for task in (matrix_product, convolution, gradient, deterministic_step):
        try:
            task()
        except Exception as error:  # whatever the driver, its libraries and TensorFlow raise
            yield task.__name__.replace("_", " "), first_line(error)
        else:
            yield task.__name__.replace("_", " "), ""


def matrix_product() -> None:
    a = np.random.default_rng(1).standard_normal((256, 256)).astype(np.float32)
    # TF32 has ten bits.
    np.testing.assert_allclose(tf.matmul(a, a), a @ a, rtol=0, atol=0.5)


def convolve() -> tuple[Any, Callable[[], Any]]:
    kernel = tf.Variable(tf.ones((3, 3, 1, 4)) / 9)
    images = tf.ones((8, 28, 28, 1))
    return kernel, lambda: tf.nn.conv2d(images, kernel, strides=2, padding="SAME")


def convolution() -> None:
    _, features = convolve()
    np.testing.assert_allclose(features()[0, 5, 5], np.ones(4), atol=1e-2)


def gradient() -> None:
    kernel, features = convolve()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(features())
    assert np.isfinite(tape.gradient(loss, kernel).numpy()).all()


def deterministic_step() -> None:
    """Last, for it is so from then on."""
    tf.random.set_seed(1)
    tf.config.experimental.enable_op_determinism()
    gradient()


if __name__ == "__main__":
    main()
