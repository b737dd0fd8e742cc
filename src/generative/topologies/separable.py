"""Space and channels apart: depthwise, then pointwise convolutions (Chollet, 2017,
arXiv:1610.02357)."""

from typing import Any

from keras import layers

from generative.families.classification import (
    Blur,
    Classifier,
    Count,
    Share,
    Shift,
    augmented_images,
)
from generative.optimizers import Decay, LearningRate

Tensor = Any


class Separable(Classifier):
    """A plain convolution, then pairs of separable ones, each pair at half the resolution.

    width: channels of the first convolution; each pair has twice as many as what came before.
    pairs: their number.
    dropout: share of the features that are dropped in training.
    shift_pixels, blur_pixels: how far images are moved and blurred at random in training.
    """

    def __init__(
        self,
        *,
        width: Count,
        pairs: Count,
        dropout: Share,
        shift_pixels: Shift,
        blur_pixels: Blur,
        label_smoothing: Share,
        learning_rate: LearningRate,
        learning_rate_decay: Decay,
    ) -> None:
        images, x = augmented_images(shift_pixels, blur_pixels)
        x = activate(layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False)(x))
        for _ in range(pairs):
            width *= 2
            x = separable(x, width)
            x = layers.MaxPooling2D(padding="same")(separable(x, width))
        x = layers.GlobalAveragePooling2D(name="pooled")(x)
        x = layers.Dropout(dropout)(x)
        super().__init__(
            images,
            x,
            learning_rate=learning_rate,
            learning_rate_decay=learning_rate_decay,
            label_smoothing=label_smoothing,
        )


def separable(x: Tensor, width: int) -> Tensor:
    return activate(layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x))


def activate(x: Tensor) -> Tensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
