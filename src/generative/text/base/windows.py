"""Texts as a network sees them that was trained on windows: each character from the `length`
characters before it, read from an empty state (Chollet, 2017, section 8.1); from `START` and all
there are, where they are fewer.

Texts are ids that begin with `START`. `advance` is a `TextModel`'s.
"""

from typing import Any

import tensorflow as tf

# Windows of a text that are read side by side: a product of many rows is as quick as one of few.
SIDE_BY_SIDE = 16

Tensor = Any


def read(advance: Any, ids: Tensor, length: int) -> Tensor:
    """Logits [batch, n, characters] of the character after each of `ids` [batch, n]."""
    # No later character changes an output, so one reading is enough until a window is full.
    first, _ = advance(ids[:, :length], None, training=False)
    rest = ids.shape[1] - length
    if rest <= 0:
        return first
    groups = -(-rest // SIDE_BY_SIDE)
    padded = tf.pad(ids, [[0, 0], [0, groups * SIDE_BY_SIDE - rest]])

    def following(begin: Tensor) -> Tensor:
        places = begin + tf.range(SIDE_BY_SIDE)[:, tf.newaxis] + tf.range(length)
        windows = tf.reshape(tf.gather(padded, places, axis=1), (-1, length))
        logits, _ = advance(windows, None, training=False)
        return tf.reshape(logits[:, -1], (-1, SIDE_BY_SIDE, logits.shape[-1]))

    begins = 1 + SIDE_BY_SIDE * tf.range(groups)
    found = tf.transpose(tf.map_fn(following, begins, fn_output_signature=tf.float32), (1, 0, 2, 3))
    found = tf.reshape(found, (-1, groups * SIDE_BY_SIDE, first.shape[-1]))
    return tf.concat([first, found[:, :rest]], axis=1)


def last(ids: Tensor, length: int) -> list[Tensor]:
    """The window at the end of texts `ids` [batch, n]: ids [batch, length], filled up with zeros,
    and how many of them are in use."""
    window = ids[:, -length:]
    count = window.shape[1]
    return [tf.pad(window, [[0, 0], [0, length - count]]), tf.constant(count)]


def append(state: list[Tensor], ids: Tensor) -> list[Tensor]:
    """The same after one more character, `ids` [batch]."""
    window, count = state
    size = window.shape[1]
    moved = tf.concat([window[:, 1:], ids[:, tf.newaxis]], axis=1)
    longer = tf.where(tf.range(size) == count, ids[:, tf.newaxis], window)
    return [tf.where(count == size, moved, longer), tf.minimum(count + 1, size)]
