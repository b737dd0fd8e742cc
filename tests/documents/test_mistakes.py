"""Settings of the documents that are mistakes, each shown by what follows from it."""

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generative.gan.base import losses


def test_a_target_above_one_has_no_lower_bound() -> None:
    """000 (1032): noise on the labels 0 and 1 takes one of them out of [0, 1]."""
    logits = tf.constant([[0.0], [10.0], [1000.0]])
    smoothed, noisy = (
        [float(losses.logistic_discriminator(x, -x, target)) for x in logits]
        for target in (0.95, 1.05)
    )
    assert min(smoothed) > 0
    assert np.diff(noisy)[-1] < 0
    assert noisy[-1] < -20


def test_the_third_axis_of_a_batch_is_its_width() -> None:
    """003 (239): reversing it mirrors the pictures and leaves the colours as they are."""
    batch = np.random.default_rng(0).random((2, 4, 6, 3))
    reversed_axis = batch[:, :, ::-1]
    np.testing.assert_array_equal(reversed_axis[0], np.fliplr(batch[0]))
    np.testing.assert_allclose(reversed_axis.mean(axis=(1, 2)), batch.mean(axis=(1, 2)))
    np.testing.assert_array_equal(batch[..., ::-1][0], np.dstack(np.dsplit(batch[0], 3)[::-1]))


def test_swapped_arguments_of_an_embedding() -> None:
    """000 (131): Embedding(256, 50000) is a table of 256 words in 50,000 dimensions."""
    swapped, meant = layers.Embedding(256, 50000), layers.Embedding(50000, 256)
    for layer, sizes in ((swapped, (256, 50000)), (meant, (50000, 256))):
        layer.build()
        assert layer.embeddings.shape == sizes


def test_the_weight_of_the_divergence_in_a_mean_of_pixels() -> None:
    """000 (1013): -5e-4 mean(1 + v - m^2 - e^v) beside a mean over 784 pixels is a beta of 0.392
    in two dimensions, not 1."""
    generator = np.random.default_rng(0)
    mean, log_variance = generator.normal(size=(2, 5, 2))
    kl = -0.5 * (1 + log_variance - mean**2 - np.exp(log_variance)).sum(axis=1)
    of_book = -5e-4 * (1 + log_variance - mean**2 - np.exp(log_variance)).mean(axis=1)
    np.testing.assert_allclose(784 * of_book / kl, 0.392)


def test_the_deviation_is_the_root_of_the_variance() -> None:
    """000 (949): exp(log_variance) for the deviation draws codes of the squared variance."""
    noise = np.random.default_rng(0).standard_normal(200_000)
    log_variance = np.log(0.25)
    assert (np.exp(log_variance) * noise).var() == pytest.approx(0.25**2, rel=0.02)
    assert (np.exp(log_variance / 2) * noise).var() == pytest.approx(0.25, rel=0.02)


def test_ten_labels_and_fifty_numbers_are_sixty() -> None:
    """004 (344): the comment says 62."""
    assert layers.Concatenate()([tf.zeros((1, 10)), tf.zeros((1, 50))]).shape == (1, 60)
