"""Depthwise, then pointwise convolutions: space and channels apart (Chollet, 2017,
arXiv:1610.02357)."""

from typing import Any, Unpack

from keras import layers

from generative.classifiers.base.classifier import Classifier, Options, augmented_images
from generative.core.params import Count

Tensor = Any


class Separable(Classifier):
    """A plain convolution, then pairs of separable ones, each pair at half the resolution.

    width: channels of the first convolution; each pair has twice as many as what came before.
    pairs: their number.
    """

    def __init__(self, *, width: Count, pairs: Count, **options: Unpack[Options]) -> None:
        images, x = augmented_images(options)
        x = activate(layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(x))
        for _ in range(pairs):
            width *= 2
            x = separable(x, width)
            x = layers.MaxPooling2D(padding="same")(separable(x, width))
        x = layers.GlobalAveragePooling2D(name="pooled")(x)
        super().__init__(images, x, **options)


def separable(x: Tensor, width: int) -> Tensor:
    return activate(layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x))


def activate(x: Tensor) -> Tensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
