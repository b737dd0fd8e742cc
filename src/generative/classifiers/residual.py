"""Residual blocks with activations before convolutions (He et al., 2016, arXiv:1603.05027)."""

from typing import Any, Literal, Unpack

from keras import layers

from generative.classifiers.base.classifier import Classifier, Options, augmented_images
from generative.core.params import Count, NonNegative

Tensor = Any


class Residual(Classifier):
    """A strided convolution, then stages that halve the image and double the width.

    Each stage is a block with a projected shortcut, then `identities` blocks with an identity.

    architecture: `he2016`, or `chollet2017`: the blocks of Chollet (2017, section 7.1.4), which
        are not batch-normalised.
    width: channels of the first convolution.
    stages: their number.
    """

    def __init__(
        self,
        *,
        architecture: Literal["he2016", "chollet2017"],
        width: Count,
        stages: Count,
        identities: NonNegative,
        **options: Unpack[Options],
    ) -> None:
        images, x = augmented_images(options)
        residual_block = he2016 if architecture == "he2016" else chollet2017
        x = convolve(x, width, strides=2)
        for _ in range(stages):
            width *= 2
            x = residual_block(x, width, projected=True)
            for _ in range(identities):
                x = residual_block(x, width, projected=False)
        if architecture == "he2016":
            x = activate(x)
        x = layers.GlobalAveragePooling2D(name="pooled")(x)
        super().__init__(images, x, **options)


def he2016(x: Tensor, width: int, *, projected: bool) -> Tensor:
    """A residual block: x plus two convolutions of it; where size and width change, x projected."""
    strides = 2 if projected else 1
    active = activate(x)
    shortcut = x
    if projected:
        shortcut = layers.Conv2D(width, 1, strides=strides, use_bias=False)(active)
    change = convolve(activate(convolve(active, width, strides)), width)
    return layers.Add()([shortcut, change])


def activate(x: Tensor) -> Tensor:
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def convolve(x: Tensor, width: int, strides: int = 1) -> Tensor:
    return layers.Conv2D(width, 3, strides=strides, padding="same", use_bias=False)(x)


def chollet2017(x: Tensor, width: int, *, projected: bool) -> Tensor:
    """x plus three convolutions of it; where size and width change, x projected plus two
    convolutions of it and pooling."""
    shortcut = x
    if projected:
        shortcut = layers.Conv2D(width, 1, strides=2, padding="same")(x)
    for _ in range(2 if projected else 3):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    if projected:
        # Padded for odd sizes, which the strided shortcut rounds up.
        x = layers.MaxPooling2D(2, strides=2, padding="same")(x)
    return layers.Add()([shortcut, x])
