"""Depthwise, then pointwise convolutions: space and channels apart (Chollet, 2017,
arXiv:1610.02357)."""

from typing import Any, Literal, Unpack

from keras import layers

from generative.classifiers.base.classifier import (
    Classifier,
    Options,
    augmented_images,
    resized,
)
from generative.core.errors import BadInput
from generative.core.params import Count

# What the book's network takes, and how many of its pairs, which are not padded, that is enough
# for: 64, 60, 30, 26, 13, 9 pixels.
SIDE, MOST_PAIRS = 64, 3

Tensor = Any


class Separable(Classifier):
    """Pairs of separable convolutions, each pair at half the resolution.

    architecture: `xception`: a plain convolution ahead and everything batch-normalised, as where
        the network of that name begins, without its shortcuts. `chollet2017`: that of the book
        (Chollet, 2017, section 7.3.1), which has a width of 32 and 3 pairs. It does not pad, for
        which 28 pixels are too few: images are resized to 64 x 64, of three equal channels.
    width: of `xception`, channels of the first convolution; each pair has twice as many as what
        came before. Of `chollet2017`, units of the dense layer and channels that a first pair
        begins with: 32 and 64 channels, then 64 and 128 in each pair.
    pairs: their number.
    """

    def __init__(
        self,
        *,
        architecture: Literal["xception", "chollet2017"],
        width: Count,
        pairs: Count,
        **options: Unpack[Options],
    ) -> None:
        images, x = augmented_images(options)
        network = xception if architecture == "xception" else chollet2017
        super().__init__(images, network(x, width, pairs), **options)


def xception(x: Tensor, width: int, pairs: int) -> Tensor:
    """Features [batch, width 2^pairs]."""
    x = activate(layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(x))
    for _ in range(pairs):
        width *= 2
        x = separable(x, width)
        x = layers.MaxPooling2D(padding="same")(separable(x, width))
    return layers.GlobalAveragePooling2D(name="pooled")(x)


def separable(x: Tensor, width: int) -> Tensor:
    return activate(layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x))


def activate(x: Tensor) -> Tensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def chollet2017(x: Tensor, width: int, pairs: int) -> Tensor:
    """Features [batch, width]; `BadInput` for more pairs than the resized image has pixels for."""
    if pairs > MOST_PAIRS:
        raise BadInput(
            f"pairs: received {pairs}; chollet2017 has at most {MOST_PAIRS}, for more "
            f"{SIDE} x {SIDE} pixels are too few"
        )
    x = resized(x, SIDE)
    x = layers.Concatenate(name="channels")([x, x, x])
    for pair in range(pairs):
        if pair:
            x = layers.MaxPooling2D(2)(x)
        first = width if pair == 0 else 2 * width
        x = layers.SeparableConv2D(first, 3, activation="relu")(x)
        x = layers.SeparableConv2D(2 * first, 3, activation="relu")(x)
    x = layers.GlobalAveragePooling2D(name="pooled")(x)
    return layers.Dense(width, activation="relu", name="dense")(x)
