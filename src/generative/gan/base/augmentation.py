"""Random changes of images that the discriminator is trained on, all differentiable."""

import math
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from generative.training import augmentation

Tensor = Any


def diffaugment(images: Tensor, uniform: Callable[[tuple[int, ...]], Tensor]) -> Tensor:
    """`images` [batch, height, width, channels] in other colours, shifted and with a hole (Zhao et
    al., 2020, arXiv:2006.10738), so that a discriminator cannot memorise a small data set. The
    generator's gradient passes through it.

    uniform: draws U(0, 1) numbers of a shape; its first size is the batch's.
    """
    batch, (height, width) = tf.shape(images)[0], images.shape[1:3]

    def draw(*shape: int) -> Tensor:
        return tf.cast(uniform((batch, *shape)), images.dtype)

    images += draw(1, 1, 1) - 0.5  # brightness
    if images.shape[-1] > 1:
        grey = tf.reduce_mean(images, axis=-1, keepdims=True)
        images = grey + 2 * draw(1, 1, 1) * (images - grey)  # saturation
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    images = mean + (0.5 + draw(1, 1, 1)) * (images - mean)  # contrast

    def along(size: int) -> tuple[Tensor, Tensor]:
        """Shifts by up to an eighth, and 1 where the hole may be."""
        place = tf.range(size)
        largest = size // 8
        by = tf.cast(tf.floor(draw(1) * (2 * largest + 1)), tf.int32) - largest
        start = tf.cast(tf.floor(draw(1) * (size + 1)), tf.int32) - size // 4
        hole = (place >= start) & (place < start + size // 2)
        return by, tf.cast(hole, images.dtype)

    (down, hole_rows), (across, hole_columns) = along(height), along(width)
    images = augmentation.shift(images, down, across)
    return images * (1 - hole_rows[:, :, None, None] * hole_columns[:, None, :, None])


def warp(images: Tensor, seed: keras.random.SeedGenerator) -> Tensor:
    """A random affine map of each image [batch, height, width, 1]: rotation by up to 15 degrees,
    shear by up to 0.3, scale by up to a fifth, translation by up to 3 pixels."""
    count = tf.shape(images)[0]

    def draw(largest: float) -> Tensor:
        return keras.random.uniform((count,), -largest, largest, seed=seed)

    angle, wide, high = draw(math.radians(15)), 1 + draw(0.2), 1 + draw(0.2)
    across = tf.stack([wide * tf.cos(angle), draw(0.3) - tf.sin(angle)], 1)
    down = tf.stack([tf.sin(angle), high * tf.cos(angle)], 1)
    middle = (images.shape[1] - 1) / 2
    # About the middle of the image.
    rows = [
        tf.concat([row, (middle + draw(3) - middle * tf.reduce_sum(row, 1))[:, None]], 1)
        for row in (across, down)
    ]
    return augmentation.affine(images, *rows)
