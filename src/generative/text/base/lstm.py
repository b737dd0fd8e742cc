"""An LSTM layer's outputs and gradients (Hochreiter & Schmidhuber, 1997), with as few products in
each time step as there can be: one forwards and one backwards.

Keras multiplies each input by itself, and adds up the gradients of the weights step by step.
"""

from typing import Any

import tensorflow as tf
from keras import layers

Tensor = Any


def outputs_and_state(
    layer: layers.LSTM, inputs: Tensor, hidden: Tensor, cell: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """What `layer` makes of `inputs` [batch, length, features]: all outputs [batch, length, units],
    and the hidden and the cell state [batch, units] after them.

    Raises `NotImplementedError` for a layer with other activations than Keras' defaults.
    """
    activations = (layer.activation.__name__, layer.recurrent_activation.__name__)
    if activations != ("tanh", "sigmoid"):
        raise NotImplementedError(f"an LSTM with the activations {activations}")
    weights = (layer.cell.kernel, layer.cell.recurrent_kernel, layer.cell.bias)
    kernel, recurrent_kernel, bias = (tf.cast(weight, inputs.dtype) for weight in weights)
    projected = tf.tensordot(tf.transpose(inputs, (1, 0, 2)), kernel, 1) + bias
    hiddens, hidden, cell = recur(projected, recurrent_kernel, hidden, cell)
    return tf.transpose(hiddens, (1, 0, 2)), hidden, cell


@tf.custom_gradient
def recur(
    projected: Tensor, recurrent_kernel: Tensor, hidden: Tensor, cell: Tensor
) -> tuple[tuple[Tensor, Tensor, Tensor], Any]:
    """The recurrence over inputs times their kernel, `projected` [length, batch, 4 units]: all
    hidden states [length, batch, units], and the last hidden and cell state.

    Gates are in Keras' order: input, forget, candidate, output.
    """
    length = projected.shape[0]

    def arrays(count: int) -> list[Any]:
        # Not cleared: a gradient may be asked for more than once.
        return [
            tf.TensorArray(projected.dtype, length, clear_after_read=False) for _ in range(count)
        ]

    def forwards(t: Any, hidden: Any, cell_before: Any, *written: Any) -> tuple[Any, ...]:
        i, f, g, o = tf.split(projected[t] + hidden @ recurrent_kernel, 4, axis=1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        cell = f * cell_before + i * g
        squashed = tf.tanh(cell)
        hidden = o * squashed
        values = (i, f, g, o, cell_before, squashed, hidden)
        longer = (array.write(t, value) for array, value in zip(written, values, strict=True))
        return t + 1, hidden, cell, *longer

    start = (0, hidden, cell, *arrays(7))
    _, last_hidden, last_cell, *kept, outputs = tf.while_loop(
        lambda t, *_: t < length, forwards, start
    )
    hiddens = outputs.stack()

    def gradient(of_hiddens: Tensor, of_hidden: Tensor, of_cell: Tensor) -> tuple[Tensor, ...]:
        transposed = tf.transpose(recurrent_kernel)  # once: each product would do it again

        def backwards(t: Any, of_hidden: Any, of_cell: Any, written: Any) -> tuple[Any, ...]:
            i, f, g, o, cell_before, squashed = (array.read(t) for array in kept)
            of_hidden += of_hiddens[t]
            of_cell += of_hidden * o * (1 - squashed**2)
            slopes = (
                of_cell * g * i * (1 - i),
                of_cell * cell_before * f * (1 - f),
                of_cell * i * (1 - g**2),
                of_hidden * squashed * o * (1 - o),
            )
            of_gates = tf.concat(slopes, axis=1)
            return t - 1, of_gates @ transposed, of_cell * f, written.write(t, of_gates)

        start = (length - 1, of_hidden, of_cell, *arrays(1))
        _, *of_state, of_gates = tf.while_loop(lambda t, *_: t >= 0, backwards, start)
        of_projected = of_gates.stack()
        hiddens_before = tf.concat([hidden[tf.newaxis], hiddens[:-1]], axis=0)
        rows = (tf.reshape(x, (-1, x.shape[-1])) for x in (hiddens_before, of_projected))
        of_kernel = tf.matmul(*rows, transpose_a=True)
        return of_projected, of_kernel, *of_state

    return (hiddens, last_hidden, last_cell), gradient
