"""A stack of layers, one after the other, by the sequential API (LeCun et al., 1998, in form)."""

from typing import Unpack

import keras
from keras import layers

from generative.classifiers.base.classifier import Classifier, Options, augmented_images
from generative.core.params import Count


class Sequential(Classifier):
    """Convolution, pooling, convolution, pooling, dense. `functional` is the same by the other API.

    width: channels of the first convolution; the second has twice as many.
    units: of the dense layer.
    """

    def __init__(self, *, width: Count, units: Count, **options: Unpack[Options]) -> None:
        images, shifted = augmented_images(options)
        stack = keras.Sequential(
            [
                layers.Conv2D(width, 3, activation="relu", name="convolution_1"),
                layers.MaxPooling2D(name="pooling_1"),
                layers.Conv2D(2 * width, 3, activation="relu", name="convolution_2"),
                layers.MaxPooling2D(name="pooling_2"),
                layers.Flatten(name="flat"),
                layers.Dense(units, activation="relu", name="dense"),
            ],
            name="stack",
        )
        super().__init__(images, stack(shifted), **options)
