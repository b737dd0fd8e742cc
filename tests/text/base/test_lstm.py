"""The recurrence with gradients of its own is Keras' layer."""

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generative.text.base import lstm

BATCH, LENGTH, FEATURES, UNITS = 3, 7, 5, 4


def arrays(*shape: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(sum(shape)).standard_normal(shape), tf.float32)


def test_outputs_state_and_gradients_are_those_of_keras() -> None:
    layer = layers.LSTM(UNITS, return_sequences=True, return_state=True)
    inputs, hidden = arrays(BATCH, LENGTH, FEATURES), arrays(BATCH, UNITS)
    cell = tf.transpose(arrays(UNITS, BATCH))
    layer(inputs)
    layer.cell.bias.assign(arrays(4 * UNITS))

    def weighted(results: list[tf.Tensor]) -> tf.Tensor:
        return sum(tf.reduce_sum(r * arrays(*r.shape)) for r in results)

    def keras() -> list[tf.Tensor]:
        return layer(inputs, initial_state=[hidden, cell])

    def own() -> list[tf.Tensor]:
        return list(lstm.outputs_and_state(layer, inputs, hidden, cell))

    found = []
    for results_of in (keras, tf.function(own)):
        with tf.GradientTape() as tape:
            tape.watch([inputs, hidden, cell])
            results = results_of()
            total = weighted(results)
        sources = [inputs, hidden, cell, *layer.trainable_variables]
        found.append([*results, *tape.gradient(total, sources)])
    assert len(found[0]) == 9
    for expected, received in zip(*found, strict=True):
        np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-5)


def test_other_activations_are_refused() -> None:
    layer = layers.LSTM(UNITS, activation="relu")
    layer(arrays(BATCH, LENGTH, FEATURES))
    with pytest.raises(NotImplementedError, match="relu"):
        lstm.outputs_and_state(
            layer, arrays(BATCH, LENGTH, FEATURES), arrays(BATCH, UNITS), arrays(BATCH, UNITS)
        )
