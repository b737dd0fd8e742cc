"""The eyes for coloured pictures: AlexNet's convolutions, trained on photographs.

Krizhevsky, 2014, arXiv:1404.5997, as torchvision trains it; Zhang et al., 2018, arXiv:1801.03924,
show that its features tell distortions apart as people do. `judge.Comparison` measures with them as
it does with the digits' judge.
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
# Kernel size, stride and padding of each convolution, and whether the picture is halved before.
CONVOLUTIONS = (
    (11, 4, 2, False),
    (5, 1, 2, True),
    (3, 1, 1, True),
    (3, 1, 1, False),
    (3, 1, 1, False),
)
# The convolutions that are looked at, from 0: edges and colours, textures, parts of things. By the
# last alone, half of strongly noised pictures lie among real ones.
SEEN = (0, 1, 4)
# By 64, slight noise is hardly told from none; 128 takes about twice as long.
SIDE = 96
PIECE = 100  # pictures that are looked at together: more take memory and are no faster

Array = np.ndarray


class Eyes:
    """What AlexNet sees in any picture, wherever it is in it: 64 + 192 + 256 features.

    file: `alexnet.ckpt`. Raises `BadInput` if it does not hold AlexNet's convolutions.

    Layers differ in scale, so at every place of the picture a layer's channels are divided by their
    length, as LPIPS does; as they are, a plain picture is as near to the training set as a real
    one. No data set has a part in it: numbers of any two are in one unit. Then they are averaged
    over the picture, and scaled so that x.y / D, in the kernel distance's (x.y / D + 1)^3, is at
    most 1.
    """

    def __init__(self, file: Path) -> None:
        self.network = build(read_convolutions(file))
        self.identity = identity(file)

    def features(self, images: Array) -> Array:
        """float32 [N, 512], at least 0, of float32 `images` [N, height, width, 3] in [0, 1]."""
        if images.ndim != 4 or images.shape[-1] != 3 or not len(images):
            raise BadInput(
                f"pictures of the shape {images.shape} were received; one or more in red, green "
                "and blue are needed: (count, height, width, 3)"
            )
        pieces = (images[i : i + PIECE] for i in range(0, len(images), PIECE))
        return np.concatenate([self.network(piece, training=False).numpy() for piece in pieces])

    def outputs_of(self, images: Array) -> dict[str, Array]:
        """The features, as a judge gives them; these eyes name nothing."""
        return {"features": self.features(images)}


def identity(file: Path) -> str:
    """The first digits of the md5 of the weights and settings: numbers of two do not compare."""
    digest = hashlib.md5(file.read_bytes())
    digest.update(repr((MEAN, DEVIATION, CONVOLUTIONS, SEEN, SIDE)).encode())
    return digest.hexdigest()[:12]


def read_convolutions(file: Path) -> list[tuple[Array, Array]]:
    """The kernel [height, width, channels in, channels out] and bias [channels out] of each."""
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
    the convolutions that are seen]."""
    images = keras.Input((None, None, 3), name="images")
    # Without antialiasing a large picture would be seen through a sieve.
    x = layers.Resizing(SIDE, SIDE, interpolation="bilinear", antialias=True)(images)
    seen = []
    for i, found in enumerate(convolve(x, convolutions)):
        if i in SEEN:
            directions = layers.UnitNormalization(name=f"directions_{i}")(found)
            seen.append(layers.GlobalAveragePooling2D(name=f"mean_{i}")(directions))
    together = layers.Concatenate(name="together")(seen)
    scale = (together.shape[-1] / len(SEEN)) ** 0.5
    return keras.Model(images, layers.Rescaling(scale, name="features")(together), name="eyes")


def convolve(images: Any, convolutions: list[tuple[Array, Array]]) -> Iterator[Any]:
    """What comes out of each convolution, after its ReLU, of images in [0, 1]."""
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
