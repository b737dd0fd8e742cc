"""The networks of the GAN that compares objectives."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.gan.base import losses
from generative.gan.gan import GAN
from tests.support.gan import OPTIONS


def build(**changes: Any) -> GAN:
    keras.utils.set_random_seed(1)
    small = {"latent_size": 5, "generator_width": 4, "discriminator_width": 3, "dropout": 0.0}
    return GAN(**{**OPTIONS, **small, "latent": "uniform", **changes})


def test_sizes_are_kerasgans_but_for_what_does_nothing() -> None:
    """Biases before a normalisation, and the second logit of the softmax, are left out."""
    model = build(latent_size=100, generator_width=100, discriminator_width=256)
    assert model.generator.count_params() == 4_341_801 - (14 * 14 * 200 + 100 + 50)
    assert model.discriminator.count_params() == 9_707_266 - 257


def test_noise() -> None:
    normal, _ = build(latent="normal").latents(2000, seed=1)
    assert normal.mean() == pytest.approx(0, abs=0.05)
    assert normal.std() == pytest.approx(1, abs=0.05)
    noise, _ = build().latents(2000, seed=1)
    assert noise.min() >= 0
    assert noise.max() < 1
    assert noise.mean() == pytest.approx(0.5, abs=0.02)
    latent = np.asarray(build().sample_latent(tf.zeros(2000, tf.int32)))
    assert (latent.min() >= 0, latent.max() < 1) == (True, True)


def test_one_logit_is_a_softmax_of_two() -> None:
    """Goodfellow's losses of probabilities of two classes, real and fake, and their gradients."""
    pairs = tf.constant(np.random.default_rng(0).normal(0, 2, (2, 6, 2)), tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(pairs)
        probabilities = tf.nn.softmax(pairs)
        of_two = -tf.reduce_mean(
            tf.math.log(probabilities[0, :, 0]) + tf.math.log(probabilities[1, :, 1])
        )
        real, fake = (pairs[i, :, :1] - pairs[i, :, 1:] for i in (0, 1))
        of_one = losses.logistic_discriminator(real, fake)
    assert float(of_one) == pytest.approx(float(of_two) / 2, rel=1e-5)
    np.testing.assert_allclose(
        tape.gradient(of_one, pairs), tape.gradient(of_two, pairs) / 2, atol=1e-6
    )


def test_dropout_is_for_training() -> None:
    model = build(dropout=0.5)
    images = tf.constant(np.random.default_rng(0).random((4, 28, 28, 1)), tf.float32)
    labels = tf.zeros(4, tf.int32)
    first, second, in_training = (
        np.asarray(model.discriminate(images, labels, training)["logits"])
        for training in (False, False, True)
    )
    assert np.array_equal(first, second)
    assert not np.array_equal(first, in_training)
