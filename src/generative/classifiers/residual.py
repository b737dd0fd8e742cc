"""Blocks that add to what they were given (He et al., 2016, arXiv:1603.05027)."""

from typing import Annotated, Any, Unpack

from keras import layers
from pydantic import Field

from generative.classifiers.base.classifier import Classifier, Count, Options, augmented_images

Tensor = Any


class Residual(Classifier):
    """A strided convolution, then stages that halve the picture and double the width.

    Each stage is one block with a projected shortcut and `identities` blocks without.

    width: channels of the first convolution.
    stages: their number.
    """

    def __init__(
        self,
        *,
        width: Count,
        stages: Count,
        identities: Annotated[int, Field(ge=0)],
        **options: Unpack[Options],
    ) -> None:
        images, x = augmented_images(options)
        x = convolve(x, width, strides=2)
        for _ in range(stages):
            width *= 2
            x = block(x, width, projected=True)
            for _ in range(identities):
                x = block(x, width, projected=False)
        x = layers.GlobalAveragePooling2D(name="pooled")(activate(x))
        super().__init__(images, x, **options)


def block(x: Tensor, width: int, *, projected: bool) -> Tensor:
    """x plus two convolutions of it; a projection fits x where size and width change."""
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
