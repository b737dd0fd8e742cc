"""Branches of different receptive fields, concatenated (Szegedy et al., 2015, arXiv:1409.4842)."""

from typing import Any, Unpack

from keras import layers

from generative.classifiers.base.classifier import Classifier, Options, augmented_images
from generative.core.params import Count

Tensor = Any


class Inception(Classifier):
    """A strided convolution, blocks of four branches that halve the image, global pooling.

    width: channels of each branch of the first block; each next block has twice as many.
    blocks: their number.
    """

    def __init__(self, *, width: Count, blocks: Count, **options: Unpack[Options]) -> None:
        images, x = augmented_images(options)
        x = convolve(x, width, 3)
        x = convolve(x, 2 * width, 3, strides=2)
        for block in range(blocks):
            x = inception_block(x, width * 2**block)
        x = layers.GlobalAveragePooling2D(name="pooled")(x)
        super().__init__(images, x, **options)


def inception_block(x: Tensor, width: int) -> Tensor:
    """Four branches at half the resolution: [batch, side / 2, side / 2, 4 width]."""
    point = convolve(x, width, 1, strides=2)
    near = convolve(convolve(x, width, 1), width, 3, strides=2)
    far = convolve(convolve(convolve(x, width, 1), width, 3), width, 3, strides=2)
    pooled = layers.AveragePooling2D(3, strides=2, padding="same")(x)
    return layers.Concatenate()([point, near, far, convolve(pooled, width, 1)])


def convolve(x: Tensor, width: int, size: int, strides: int = 1) -> Tensor:
    x = layers.Conv2D(width, size, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
