"""The network of `sequential` by the functional API: each layer is called on a tensor."""

from typing import Unpack

from keras import layers

from generative.classifiers.base.classifier import Classifier, Options, augmented_images
from generative.core.params import Count


class Functional(Classifier):
    """The arguments of `sequential` and, with its weights, its outputs."""

    def __init__(self, *, width: Count, units: Count, **options: Unpack[Options]) -> None:
        images, x = augmented_images(options)
        x = layers.Conv2D(width, 3, activation="relu", name="convolution_1")(x)
        x = layers.MaxPooling2D(name="pooling_1")(x)
        x = layers.Conv2D(2 * width, 3, activation="relu", name="convolution_2")(x)
        x = layers.MaxPooling2D(name="pooling_2")(x)
        x = layers.Flatten(name="flat")(x)
        x = layers.Dense(units, activation="relu", name="dense")(x)
        super().__init__(images, x, **options)
