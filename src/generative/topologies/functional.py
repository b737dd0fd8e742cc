"""The stack of `sequential`, by the functional API: each layer is called on a tensor."""

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


class Functional(Classifier):
    """The same arguments as `sequential`, and with its weights the same outputs."""

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
        images, x = augmented_images(shift_pixels, blur_pixels)
        x = layers.Conv2D(width, 3, activation="relu", name="convolution_1")(x)
        x = layers.MaxPooling2D(name="pooling_1")(x)
        x = layers.Conv2D(2 * width, 3, activation="relu", name="convolution_2")(x)
        x = layers.MaxPooling2D(name="pooling_2")(x)
        x = layers.Flatten(name="flat")(x)
        x = layers.Dense(units, activation="relu", name="dense")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        super().__init__(
            images,
            x,
            learning_rate=learning_rate,
            learning_rate_decay=learning_rate_decay,
            label_smoothing=label_smoothing,
        )
