"""What each kind of output is trained on and watched by: Keras' own losses and metrics, on logits.

number     mean squared error     mean absolute error
class      cross entropy          accuracy
verdict    binary cross entropy   accuracy
"""

from typing import Literal

import keras

Kind = Literal["number", "class", "verdict"]


def loss_of(kind: Kind) -> keras.losses.Loss:
    """A mean over examples; entropies in nats. A verdict is 1 for yes and 0 for no."""
    if kind == "number":
        return keras.losses.MeanSquaredError()
    if kind == "class":
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return keras.losses.BinaryCrossentropy(from_logits=True)


def watched(kind: Kind) -> keras.metrics.Metric:
    """What people read instead of the loss."""
    if kind == "number":
        return keras.metrics.MeanAbsoluteError(name="mean_absolute_error")
    if kind == "class":
        return keras.metrics.SparseCategoricalAccuracy(name="accuracy")
    return keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)
