"""Loss and metric of each kind of output: Keras' own, on logits.

numeric       mean squared error           mean absolute error
categorical   categorical cross entropy    accuracy
binary        binary cross entropy         accuracy
"""

from typing import Literal

import keras

Kind = Literal["numeric", "categorical", "binary"]


def loss_of(kind: Kind) -> keras.losses.Loss:
    """A mean over examples; entropies in nats. Binary targets are 1 for yes and 0 for no."""
    if kind == "numeric":
        return keras.losses.MeanSquaredError()
    if kind == "categorical":
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return keras.losses.BinaryCrossentropy(from_logits=True)


def metric_of(kind: Kind) -> keras.metrics.Metric:
    """The metric that is tracked beside the loss."""
    if kind == "numeric":
        return keras.metrics.MeanAbsoluteError(name="mean_absolute_error")
    if kind == "categorical":
        return keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    return keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)
