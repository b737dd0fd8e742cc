"""VGG's convolutions, trained on photographs, whose features content and style are measured in.

Simonyan and Zisserman, 2015, arXiv:1409.1556. The weights come in two conventions: torchvision's,
for red, green and blue in [0, 1] less a mean and over a deviation; and Caffe's, for blue, green and
red in [0, 255] less a mean. `convert` brings both into one kind of network, which takes red, green
and blue in [0, 1], on disk as `network.json` and `network.weights.h5`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import keras
import numpy as np
from keras import layers
from pydantic import Field, TypeAdapter

from generative.core.errors import BadInput, first_line, unknown
from generative.core.folders import read_json
from generative.image_quality.alexnet import DEVIATION, MEAN
from generative.style.vgg import check

MOST_CHANNELS = 4096  # of a convolution; VGG's have 512


@dataclass(frozen=True)
class Architecture:
    """The number of convolutions in each block, what is subtracted from the red, green and blue of
    a picture in [0, 1] and what they are then divided by."""

    convolutions: tuple[int, ...]
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def layers(self) -> list[str]:
        """block1_conv1, block1_conv2, block2_conv1, ..."""
        return [
            f"block{block}_conv{i}"
            for block, count in enumerate(self.convolutions, start=1)
            for i in range(1, count + 1)
        ]


ARCHITECTURES = {
    "vgg16": Architecture((2, 2, 3, 3, 3), MEAN, DEVIATION),
    "vgg19": Architecture(
        (2, 2, 4, 4, 4), (123.68 / 255, 116.779 / 255, 103.939 / 255), (1 / 255, 1 / 255, 1 / 255)
    ),
}


@dataclass(frozen=True)
class Description:
    """What `convert` writes of a network: of which kind it is, the channels of each convolution,
    and the md5 of the file that it was made of."""

    kind: str
    channels: list[Annotated[int, Field(ge=1, le=MOST_CHANNELS)]]
    md5: str


def load(folder: Path, precision: str = "float32") -> keras.Model:
    """The network in `folder`, checked: images [N, height, width, 3] in [0, 1] to a dict of the
    features of every layer, [N, height / 2^(block - 1), width / 2^(block - 1), channels], after
    the ReLU. `precision`: "float32" or "bfloat16", of the convolutions.

    Raises `BadInput` if there is none, or if its features of known photographs are wrong.
    """
    try:
        described = TypeAdapter(Description).validate_python(read_json(folder / "network.json"))
        network = build(described.kind, described.channels, precision)
        network.load_weights(folder / "network.weights.h5")
        known = check.KNOWN_DISTANCES.get(described.md5, ())
    except FileNotFoundError:
        raise BadInput(
            f"{folder} holds no network; run dvc repro vgg@vgg16, or "
            f"generative fetch vgg19 {folder}"
        ) from None
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise BadInput(f"{folder} is damaged ({first_line(error)}); make it again") from None
    check.check_features(network, known, folder)
    return network


def build(architecture: str, channels: list[int], precision: str = "float32") -> keras.Model:
    """An untrained network with so many channels in each of its convolutions."""
    if architecture not in ARCHITECTURES:
        raise unknown("network", architecture, ARCHITECTURES)
    described = ARCHITECTURES[architecture]
    policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
    images = keras.Input((None, None, 3), name="images")
    x = layers.Normalization(
        mean=described.mean, variance=np.square(described.deviation), dtype="float32"
    )(images)
    features: dict[str, Any] = {}
    for name, width in zip(described.layers(), channels, strict=True):
        if name.endswith("_conv1") and features:
            x = layers.MaxPooling2D(2, dtype=policy)(x)
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=name, dtype=policy)(x)
        features[name] = x
    network = keras.Model(images, features, name=architecture)
    network.trainable = False
    return network
