"""Moves of images, of operations that every device has, compiled or not."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

Tensor = Any


def shift(images: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """`images` [batch, height, width, channels] moved by whole pixels, int32 [batch, 1] each; zeros
    come in."""
    height, width = images.shape[1:3]

    def moved(size: int, by: Tensor) -> Tensor:
        # The row of a place outside of the picture is all zeros.
        return tf.one_hot(tf.range(size) - by, size, dtype=images.dtype)

    images = tf.einsum("bij,bjwc->biwc", moved(height, down), images)
    return tf.einsum("bij,bhjc->bhic", moved(width, across), images)


def affine(images: Tensor, across: Tensor, down: Tensor) -> Tensor:
    """`images` [batch, height, width, channels], each sampled at other places, bilinearly; beyond
    the edge are zeros.

    across, down: [batch, 3], products with (x, y, 1) that give the place of pixel (x, y).
    """
    count, (height, width, channels) = tf.shape(images)[0], images.shape[1:]
    y, x = np.mgrid[:height, :width].reshape(2, -1).astype(np.float32)
    pixels = tf.constant(np.stack([x, y, np.ones_like(x)]))
    framed = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
    framed = tf.reshape(framed, (count, (height + 2) * (width + 2), channels))

    def neighbours(place: Tensor, size: int) -> list[tuple[Tensor, Tensor]]:
        """Where the pixels on both sides are in the frame, and the share of each."""
        first = tf.floor(place)
        share = place - first
        at = tf.cast(first, tf.int32)
        sides = ((at, 1 - share), (at + 1, share))
        return [(tf.clip_by_value(side + 1, 0, size + 1), weight) for side, weight in sides]

    total = tf.zeros(())
    for row, of_row in neighbours(down @ pixels, height):
        for column, of_column in neighbours(across @ pixels, width):
            found = tf.gather(framed, row * (width + 2) + column, batch_dims=1)
            total += (of_row * of_column)[:, :, None] * found
    return tf.reshape(total, tf.shape(images))


@keras.saving.register_keras_serializable("generative")
class RandomShift(keras.layers.Layer):
    """Moves each image in training by up to `pixels` whole pixels, down and across; zeros come in.

    Keras' `RandomTranslation` does it by an operation that XLA does not have.
    """

    def __init__(self, pixels: int, **options: Any) -> None:
        super().__init__(**options)
        self.pixels = pixels
        self.noise = keras.random.SeedGenerator()

    def call(self, images: Tensor, training: bool = False) -> Tensor:
        if not training:
            return images
        largest, shape = self.pixels, (tf.shape(images)[0], 1)
        down, across = (
            keras.random.randint(shape, -largest, largest + 1, seed=self.noise) for _ in range(2)
        )
        return shift(images, down, across)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "pixels": self.pixels}
