"""Branches of different receptive fields, concatenated (Szegedy et al., 2015, arXiv:1409.4842)."""

from typing import Any, Literal, Unpack

from keras import layers

from generative.classifiers.base.classifier import Classifier, Options, augmented_images
from generative.core.params import Count

Tensor = Any


class Inception(Classifier):
    """Blocks of four branches that halve the image, global pooling.

    architecture: `szegedy2015`: two convolutions ahead, the second strided, and each convolution
        batch-normalised. `chollet2017`: the blocks on the image itself, as in Chollet (2017,
        section 7.1.4), who has one of width 128.
    width: channels of each branch of the first block; each next block has twice as many.
    blocks: their number.
    """

    def __init__(
        self,
        *,
        architecture: Literal["szegedy2015", "chollet2017"],
        width: Count,
        blocks: Count,
        **options: Unpack[Options],
    ) -> None:
        images, x = augmented_images(options)
        inception_block = chollet2017
        if architecture == "szegedy2015":
            x = convolve(x, width, 3)
            x = convolve(x, 2 * width, 3, strides=2)
            inception_block = szegedy2015
        for block in range(blocks):
            x = inception_block(x, width * 2**block)
        x = layers.GlobalAveragePooling2D(name="pooled")(x)
        super().__init__(images, x, **options)


def szegedy2015(x: Tensor, width: int) -> Tensor:
    """Four branches at half the resolution: [batch, side / 2, side / 2, 4 width]."""
    point = convolve(x, width, 1, strides=2)
    near = convolve(convolve(x, width, 1), width, 3, strides=2)
    far = convolve(convolve(convolve(x, width, 1), width, 3), width, 3, strides=2)
    pooled = layers.AveragePooling2D(3, strides=2, padding="same")(x)
    return layers.Concatenate()([point, near, far, convolve(pooled, width, 1)])


def convolve(x: Tensor, width: int, size: int, strides: int = 1) -> Tensor:
    x = layers.Conv2D(width, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def chollet2017(x: Tensor, width: int) -> Tensor:
    """Four branches at half the resolution, as Chollet (2017) lists them but padded: without, they
    have four sizes and are not to be concatenated."""

    def convolve(x: Tensor, size: int, strides: int = 1) -> Tensor:
        own = layers.Conv2D(width, size, strides=strides, padding="same", activation="relu")
        return own(x)

    a = convolve(x, 1, strides=2)
    b = convolve(convolve(x, 1), 3, strides=2)
    c = convolve(layers.AveragePooling2D(3, strides=2, padding="same")(x), 3)
    d = convolve(convolve(convolve(x, 1), 3), 3, strides=2)
    return layers.Concatenate()([a, b, c, d])
