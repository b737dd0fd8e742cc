"""A stack of layers, one after the other, by the sequential API (LeCun et al., 1998, in form)."""

from typing import Literal, Unpack

import keras
from keras import layers

from generative.classifiers.base.classifier import (
    Classifier,
    Options,
    augmented_images,
    resized,
)
from generative.core.params import Count


class Sequential(Classifier):
    """Convolution, pooling, convolution, pooling, dense. `functional` is the same by the other API.

    architecture: `convolutional`, or `dense`: two dense layers and no convolution, as in Chollet
        (2017, section 7.1.1), who has 32 units. It makes no use of `width`.
    side: pixels that images are resized to; of 28 they stay as they are. The book's dense network
        has 64 inputs, as of 8 x 8.
    width: channels of the first convolution; the second has twice as many.
    units: of a dense layer.
    batch_normalization: `after` the activation of each convolution and dense layer, as in Chollet
        (2017, section 7.3.1), or `none`.
    """

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
        images, x = augmented_images(options)
        stack = keras.Sequential(name="stack")

        def add(layer: keras.Layer) -> None:
            stack.add(layer)
            if batch_normalization == "after":
                stack.add(layers.BatchNormalization(name=f"{layer.name}_normalized"))

        if architecture == "convolutional":
            add(layers.Conv2D(width, 3, activation="relu", name="convolution_1"))
            stack.add(layers.MaxPooling2D(name="pooling_1"))
            add(layers.Conv2D(2 * width, 3, activation="relu", name="convolution_2"))
            stack.add(layers.MaxPooling2D(name="pooling_2"))
        stack.add(layers.Flatten(name="flat"))
        if architecture == "dense":
            add(layers.Dense(units, activation="relu", name="first_dense"))
        add(layers.Dense(units, activation="relu", name="dense"))
        super().__init__(images, stack(resized(x, side)), **options)
