"""LPIPS: how different two images look to people (Zhang et al., 2018, arXiv:1801.03924).

AlexNet's convolutions, and a weight for each of their channels that was fitted to people's
judgements.
"""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from generative.core.errors import BadInput
from generative.datasets.readers.pickled import read_arrays
from generative.image_quality.alexnet import CONVOLUTIONS, convolve, read_convolutions

Array = np.ndarray
EPSILON = 1e-10  # the published one


class LPIPS:
    """The distance by the weights in `file`, which is `alexnet.ckpt`.

    Raises `BadInput` if it does not hold AlexNet's convolutions and their heads.
    """

    def __init__(self, file: Path) -> None:
        convolutions = read_convolutions(file)
        images = keras.Input((None, None, 3))
        self.network = keras.Model(images, list(convolve(images, convolutions)))
        self.heads = read_heads(file, [len(bias) for _, bias in convolutions])

    def __call__(self, one: Array, other: Array) -> float:
        """0 for equal images, about 1 for the most different; both float32 [1, height, width, 3]
        in [0, 1], with no side shorter than 31."""
        distance = 0.0
        outputs = zip(self.network(one), self.network(other), self.heads, strict=True)
        for first, second, head in outputs:
            difference = (directions(first.numpy()) - directions(second.numpy())) ** 2
            distance += float((difference @ head).mean())
        return distance


def directions(features: Array) -> Array:
    """At each place the channels over their length; [..., channels]."""
    return features / (np.linalg.norm(features, axis=-1, keepdims=True) + EPSILON)


def read_heads(file: Path, channels: list[int]) -> list[Array]:
    """The weight of each channel of each convolution, at least 0."""
    found: Any = read_arrays(file)
    heads = []
    for i in range(len(CONVOLUTIONS)):
        layer: Any = found.get(f"NetLinLayer_{i}", {})
        head: Any = layer.get("Conv_0", {}).get("kernel") if isinstance(layer, dict) else None
        shape = getattr(head, "shape", None)
        if shape != (1, 1, channels[i], 1):
            raise BadInput(
                f"{file}: NetLinLayer_{i} has the shape {shape}, not {(1, 1, channels[i], 1)}; "
                "fetch it again"
            )
        heads.append(head[0, 0, :, 0])
    return heads
