"""AlexNet's convolutions, trained on photographs, as a network from images to features.

Krizhevsky, 2014, arXiv:1404.5997, as torchvision trains it; Zhang et al., 2018, arXiv:1801.03924,
show that its features tell distortions apart as people do.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from generative.core.errors import BadInput
from generative.datasets.readers.pickled import read_arrays

# The red, green and blue of the training photographs in [0, 1].
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Kernel size, stride and padding of each convolution, and whether pooling halves the image before.
CONVOLUTIONS = (
    (11, 4, 2, False),
    (5, 1, 2, True),
    (3, 1, 1, True),
    (3, 1, 1, False),
    (3, 1, 1, False),
)
# The convolutions, from 0, whose outputs are features: edges and colours, textures, parts of
# things. By the last alone, half of strongly noised images lie among real ones.
FEATURE_CONVOLUTIONS = (0, 1, 4)
# By 64, slight noise is hardly told from none; 128 takes about twice as long.
SIDE = 96

Array = np.ndarray


def identity(file: Path) -> str:
    """The first 12 digits of the md5 of the weights in `file` and the settings of this module."""
    digest = hashlib.md5(file.read_bytes())
    digest.update(repr((MEAN, DEVIATION, CONVOLUTIONS, FEATURE_CONVOLUTIONS, SIDE)).encode())
    return digest.hexdigest()[:12]


def read_convolutions(file: Path) -> list[tuple[Array, Array]]:
    """The kernel [height, width, channels in, channels out] and bias [channels out] of each.

    Raises `BadInput` if `file`, which is `alexnet.ckpt`, does not hold AlexNet's convolutions.
    """
    found: Any = read_arrays(file).get("AlexNet_0")
    if not isinstance(found, dict):
        raise BadInput(f"{file} has no AlexNet_0: it is not AlexNet; fetch it again")
    convolutions: list[tuple[Array, Array]] = []
    channels = 3
    for i, (size, *_) in enumerate(CONVOLUTIONS):
        layer: Any = found.get(f"Conv_{i}")
        layer = layer if isinstance(layer, dict) else {}
        kernel, bias = layer.get("kernel"), layer.get("bias")
        shapes = tuple(getattr(array, "shape", None) for array in (kernel, bias))
        wanted = (size, size, channels)
        if not shapes[0] or shapes[0][:-1] != wanted or shapes[1] != shapes[0][-1:]:
            raise BadInput(
                f"{file}: the kernel and bias of AlexNet_0, Conv_{i} have the shapes {shapes[0]} "
                f"and {shapes[1]}, not {(*wanted, 'n')} and ('n',); fetch it again"
            )
        convolutions.append((kernel, bias))
        channels = len(bias)
    return convolutions


def build(convolutions: list[tuple[Array, Array]]) -> keras.Model:
    """The network from images [N, any height, any width, 3] in [0, 1] to features [N, channels of
    `FEATURE_CONVOLUTIONS`]."""
    images = keras.Input((None, None, 3), name="images")
    # Without antialiasing a large image would be sampled, not averaged.
    x = layers.Resizing(SIDE, SIDE, interpolation="bilinear", antialias=True)(images)
    means = []
    for i, output in enumerate(convolve(x, convolutions)):
        if i in FEATURE_CONVOLUTIONS:
            directions = layers.UnitNormalization(name=f"directions_{i}")(output)
            means.append(layers.GlobalAveragePooling2D(name=f"mean_{i}")(directions))
    together = layers.Concatenate(name="together")(means)
    scale = (together.shape[-1] / len(FEATURE_CONVOLUTIONS)) ** 0.5
    return keras.Model(images, layers.Rescaling(scale, name="features")(together), name="alexnet")


def convolve(images: Any, convolutions: list[tuple[Array, Array]]) -> Iterator[Any]:
    """The output of each convolution, after its ReLU, for images in [0, 1]."""
    x = layers.Normalization(mean=MEAN, variance=np.square(DEVIATION))(images)
    for i, (size, stride, padding, halved) in enumerate(CONVOLUTIONS):
        if halved:
            x = layers.MaxPooling2D(3, strides=2, name=f"pool_{i}")(x)
        # "same" pads a strided convolution on the wrong sides.
        x = layers.ZeroPadding2D(padding, name=f"padding_{i}")(x)
        kernel, bias = convolutions[i]
        convolution = layers.Conv2D(
            len(bias), size, strides=stride, activation="relu", name=f"convolution_{i}"
        )
        x = convolution(x)
        convolution.set_weights([kernel, bias])
        yield x
