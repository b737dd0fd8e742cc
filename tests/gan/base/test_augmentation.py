"""Random changes of images: what they move, and that gradients pass."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generative.gan.base.augmentation import diffaugment, warp


def halves(shape: Any) -> Any:
    return tf.fill(shape, 0.5)


def test_diffaugment_in_the_middle_only_cuts_a_hole() -> None:
    """Draws of one half leave colours and place as they are."""
    images = tf.constant(np.random.default_rng(0).random((2, 8, 16, 3)), tf.float32)
    expected = images.numpy()
    expected[:, 2:6, 4:12] = 0
    np.testing.assert_allclose(diffaugment(images, halves), expected, atol=1e-6)


def test_diffaugment_moves_by_an_eighth_and_fills_with_zeros() -> None:
    images = tf.ones((1, 16, 16, 1))
    moved = diffaugment(images, lambda s: tf.fill(s, 0.999 if s[1:] == (1,) else 0.5))
    # The hole starts at 16 - 4 and has a side of 8; the picture moved down and right by two.
    expected = np.ones((16, 16))
    expected[:2], expected[:, :2], expected[12:, 12:] = 0, 0, 0
    np.testing.assert_allclose(moved[0, ..., 0], expected, atol=1e-6)


def test_the_generator_learns_through_diffaugment() -> None:
    images = tf.constant(np.random.default_rng(0).random((2, 8, 8, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = tf.reduce_sum(diffaugment(images, lambda s: tf.random.uniform(s, seed=1)))
    assert float(tf.reduce_max(tf.abs(tape.gradient(total, images)))) > 0


def test_warping_moves_a_digit_a_little() -> None:
    square = np.zeros((40, 28, 28, 1), np.float32)
    square[:, 10:18, 10:18] = 1
    warped = np.asarray(warp(tf.constant(square), keras.random.SeedGenerator(1)))
    assert warped.shape == square.shape
    assert (warped.min() >= 0, warped.max() <= 1) == (True, True)
    ink, places = warped.sum((1, 2, 3)), np.arange(28)[:, None]
    middle = np.stack([(warped * p).sum((1, 2, 3)) / ink for p in (places[:, None], places)])
    assert np.abs(middle - 13.5).max() < 5
    assert (middle.std(axis=1) > 0.5).all()
    assert (ink / 64 > 0.5).all()
    assert (ink / 64 < 1.8).all()
