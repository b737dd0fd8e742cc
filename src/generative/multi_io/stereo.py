"""One convolutional network for two images (a small Xception: Chollet, 2017, arXiv:1610.02357)."""

from pathlib import Path
from typing import Any, Unpack

import keras
import numpy as np
from keras import layers, ops

from generative.core.errors import BadInput
from generative.core.params import Count
from generative.multi_io.base.model import Head, MultiIOModel, Options, Share

Tensor = Any
Array = np.ndarray


class Stereo(MultiIOModel):
    """Do both crops show the same place? The base is a model of its own, used as a layer, twice.

    side: of a crop, in pixels.
    width: channels of the base's first convolution; each of its `blocks` doubles them and halves
        the image. dropout: of the comparison.
    """

    def __init__(
        self,
        side: int,
        *,
        width: Count,
        blocks: Count,
        dropout: Share,
        **options: Unpack[Options],
    ) -> None:
        base = xception(side, width, blocks)
        inputs = {name: keras.Input((side, side, 3), name=name) for name in ("left", "right")}
        a, b = (base(crop) for crop in inputs.values())
        x = layers.Concatenate(name="compared")([ops.absolute(a - b), a * b])
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Dense(64, activation="relu", name="dense")(x)
        x = layers.Dense(1, name="logit")(x)
        super().__init__(inputs, {"same": Head(x, "binary")}, **options)
        self.class_names = {"same": ("two places", "the same place")}
        self.side = side

    def parse_inputs(self, *, left: Path, right: Path) -> dict[str, Array]:
        """Two image files of any size as float32 [1, side, side, 3]: the middle square, resized.

        Raises `BadInput` for a file that is no image.
        """
        from PIL import Image, ImageOps

        from generative.datasets.readers import pictures

        inputs = {}
        for name, file in (("left", left), ("right", right)):
            try:
                picture = pictures.read(file)
            except pictures.Unusable as error:
                raise BadInput(f"{name}: {file}: {error}") from None
            square = ImageOps.fit(picture, (self.side, self.side), Image.Resampling.LANCZOS)
            inputs[name] = np.asarray(square, np.float32)[np.newaxis] / 255
        return inputs

    def display(self, inputs: dict[str, Array]) -> Array:
        """Both crops of each example side by side: [N, side, 2 side, 3] in [0, 1]."""
        return np.concatenate([inputs["left"], inputs["right"]], axis=2)


def xception(side: int, width: int, blocks: int) -> keras.Model:
    """Features [batch, width 2^blocks] of images [batch, side, side, 3]."""
    images = keras.Input((side, side, 3), name="picture")
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(images)
    x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    for _ in range(blocks):
        width *= 2
        shortcut = layers.Conv2D(width, 1, strides=2, use_bias=False)(x)
        for _ in range(2):
            x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.Add()([x, shortcut])
    x = layers.GlobalAveragePooling2D(name="pooled")(x)
    return keras.Model(images, x, name="base")
