"""The network of `sequential` by the functional API: each layer is called on a tensor."""

from typing import Any, Literal, Unpack

from keras import layers

from generative.classifiers.base.classifier import (
    Classifier,
    Options,
    augmented_images,
    resized,
)
from generative.core.params import Count

Tensor = Any


class Functional(Classifier):
    """The arguments of `sequential` and, with its weights, its outputs."""

    def __init__(
        self,
        *,
        architecture: Literal["convolutional", "dense"],
        side: Count,
        width: Count,
        units: Count,
        batch_normalization: Literal["none", "after"],
        **options: Unpack[Options],
    ) -> None:
        def normalize(x: Tensor) -> Tensor:
            return layers.BatchNormalization()(x) if batch_normalization == "after" else x

        images, x = augmented_images(options)
        x = resized(x, side)
        if architecture == "convolutional":
            x = normalize(layers.Conv2D(width, 3, activation="relu", name="convolution_1")(x))
            x = layers.MaxPooling2D(name="pooling_1")(x)
            x = normalize(layers.Conv2D(2 * width, 3, activation="relu", name="convolution_2")(x))
            x = layers.MaxPooling2D(name="pooling_2")(x)
        x = layers.Flatten(name="flat")(x)
        if architecture == "dense":
            x = normalize(layers.Dense(units, activation="relu", name="first_dense")(x))
        x = normalize(layers.Dense(units, activation="relu", name="dense")(x))
        super().__init__(images, x, **options)
