"""Moves of images, against SciPy's and TensorFlow's own."""

import keras
import numpy as np
import scipy.ndimage
import tensorflow as tf

from generative.training.augmentation import RandomShift, affine, shift

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.random((5, 9, 7, 3), np.float32)


def test_shift_is_that_of_scipy() -> None:
    down, across = np.array([[0, 1, -2, 4, 0], [0, -1, 3, 0, -6]], np.int32)
    moved = shift(tf.constant(IMAGES), tf.constant(down)[:, None], tf.constant(across)[:, None])
    for image, found, rows, columns in zip(IMAGES, moved, down, across, strict=True):
        wanted = scipy.ndimage.shift(image, (rows, columns, 0), order=0)
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_affine_is_tensorflows_operation() -> None:
    """Which XLA and some devices lack. Some places are far outside."""
    turned = RANDOM.normal([[1, 0, 0], [0, 1, 0]], [0.4, 0.4, 3.0], (5, 2, 3)).astype(np.float32)
    wanted = tf.raw_ops.ImageProjectiveTransformV3(
        images=IMAGES,
        transforms=np.concatenate([turned.reshape(5, 6), np.zeros((5, 2), np.float32)], 1),
        output_shape=IMAGES.shape[1:3],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
    found = affine(tf.constant(IMAGES), turned[:, 0], turned[:, 1])
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_random_shifts_are_all_that_are_asked_for_and_only_in_training() -> None:
    keras.utils.set_random_seed(1)
    layer = RandomShift(2)
    points = np.zeros((400, 9, 9, 1), np.float32)
    points[:, 4, 4] = 1
    assert np.array_equal(layer(points, training=False), points)
    moved = np.array(layer(points, training=True))
    assert (moved.sum((1, 2, 3)) == 1).all()
    places = {tuple(place) for place in np.argwhere(moved)[:, 1:3]}
    assert places == {(row, column) for row in range(2, 7) for column in range(2, 7)}
