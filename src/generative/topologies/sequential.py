"""A stack of layers, one after the other, by the sequential API (LeCun et al., 1998, in form)."""

import keras
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


class Sequential(Classifier):
    """Convolution, pooling, convolution, pooling, dense. `functional` is the same by the other API.

    width: channels of the first convolution; the second has twice as many.
    units: of the dense layer.
    dropout: share of the features that are dropped in training.
    shift_pixels, blur_pixels: how far images are moved and blurred at random in training.
    """

    def __init__(
        self,
        *,
        width: Count,
        units: Count,
        dropout: Share,
        shift_pixels: Shift,
        blur_pixels: Blur,
        label_smoothing: Share,
        learning_rate: LearningRate,
        learning_rate_decay: Decay,
    ) -> None:
        images, shifted = augmented_images(shift_pixels, blur_pixels)
        stack = keras.Sequential(
            [
                layers.Conv2D(width, 3, activation="relu", name="convolution_1"),
                layers.MaxPooling2D(name="pooling_1"),
                layers.Conv2D(2 * width, 3, activation="relu", name="convolution_2"),
                layers.MaxPooling2D(name="pooling_2"),
                layers.Flatten(name="flat"),
                layers.Dense(units, activation="relu", name="dense"),
                layers.Dropout(dropout, name="dropout"),
            ],
            name="stack",
        )
        super().__init__(
            images,
            stack(shifted),
            learning_rate=learning_rate,
            learning_rate_decay=learning_rate_decay,
            label_smoothing=label_smoothing,
        )
