"""One convolutional network for two images (a small Xception: Chollet, 2017, arXiv:1610.02357)."""

from pathlib import Path
from typing import Any, Literal, Unpack

import keras
import numpy as np
from keras import layers, ops

from generative.core.errors import BadInput
from generative.core.params import Count
from generative.multi_io.base.model import Head, MultiIOModel, Options, Share

LEAST_SIDE = 71  # of keras.applications.Xception

Tensor = Any
Array = np.ndarray


class Stereo(MultiIOModel):
    """Do both crops show the same place? The base is a model of its own, used as a layer, twice.

    side: of a crop, in pixels.
    base: `small`, or `xception`, that of keras.applications, untrained (Chollet, 2017, section
        7.1.6), which takes sides of at least 71 and makes no use of `width` and `blocks`.
    width: channels of the base's first convolution; each of its `blocks` doubles them and halves
        the image.
    comparison: of the features a and b of both: |a - b| and a b, `symmetric` in the two whatever
        the weights, or their `concatenation` (Chollet), whose order matters.
    dropout: of the comparison.
    """

    def __init__(
        self,
        side: int,
        *,
        base: Literal["small", "xception"],
        width: Count,
        blocks: Count,
        comparison: Literal["symmetric", "concatenation"],
        dropout: Share,
        **options: Unpack[Options],
    ) -> None:
        if base == "xception" and side < LEAST_SIDE:
            raise BadInput(
                f"base: received {base!r}, which takes sides of {LEAST_SIDE} pixels or more; "
                f"prepare.views.side is {side}"
            )
        network = large(side) if base == "xception" else small(side, width, blocks)
        inputs = {name: keras.Input((side, side, 3), name=name) for name in ("left", "right")}
        a, b = (network(crop) for crop in inputs.values())
        parts = [ops.absolute(a - b), a * b] if comparison == "symmetric" else [a, b]
        x = layers.Concatenate(name="compared")(parts)
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


def large(side: int) -> keras.Model:
    """Features [batch, 2048] of images [batch, side, side, 3].

    Means of feature maps: those of two, concatenated, are the means of the concatenated maps.
    """
    return keras.applications.Xception(
        weights=None, include_top=False, input_shape=(side, side, 3), pooling="avg", name="base"
    )


def small(side: int, width: int, blocks: int) -> keras.Model:
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
