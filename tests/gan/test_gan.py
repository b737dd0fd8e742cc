"""The networks of the GAN that compares objectives."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.gan.base import losses
from generative.gan.gan import GAN
from generative.training.callbacks import layer_outputs
from tests.support.gan import OPTIONS


def build(**changes: Any) -> GAN:
    keras.utils.set_random_seed(1)
    small = {"latent_size": 5, "generator_width": 4, "discriminator_width": 3, "dropout": 0.0}
    return GAN(**{**OPTIONS, **small, "architecture": "one_logit", "latent": "uniform", **changes})


def test_sizes_are_kerasgans_but_for_what_does_nothing() -> None:
    """Biases before a normalisation, and the second logit of the softmax, are left out."""
    model = build(latent_size=100, generator_width=100, discriminator_width=256)
    assert model.generator.count_params() == 4_341_801 - (14 * 14 * 200 + 100 + 50)
    assert model.discriminator.count_params() == 9_707_266 - 257


def test_kerasgan_as_it_is() -> None:
    """Its parameters; and what its listing has without need: a ReLU before a LeakyReLU, and a
    softmax of two logits."""
    wide = {"latent_size": 100, "generator_width": 100, "discriminator_width": 256}
    model = build(architecture="kerasgan", **wide)
    assert (model.generator.count_params(), model.discriminator.count_params()) == (
        4_341_801,
        9_707_266,
    )
    dense = model.generator.layers[0]
    assert isinstance(dense.kernel_initializer, keras.initializers.GlorotNormal)
    images = tf.constant(np.random.default_rng(0).random((4, 28, 28, 1)), tf.float32)
    found = list(layer_outputs(model.discriminator, images).items())
    convolved = [x for name, x in found if "conv2d" in name]
    leaky = [x for name, x in found if "leaky" in name]
    for before, after in zip(convolved, leaky[:2], strict=True):
        np.testing.assert_array_equal(before, after)
    (two,) = (x for x in model.discriminator.layers if getattr(x, "units", 0) == 2)
    logits = model.discriminate(images, None, False)["logits"]
    real = tf.nn.softmax(keras.Model(model.discriminator.inputs, two.output)(images))[:, 1:]
    np.testing.assert_allclose(tf.sigmoid(logits), real, atol=1e-6)


def test_atienzas_networks() -> None:
    """Sizes by hand: a dense layer to 7 x 7 x 128, four 5 x 5 convolutions and as many
    normalisations; in the discriminator four convolutions and a dense layer of 4,096."""
    model = build(
        architecture="atienza2018", latent_size=100, generator_width=32, discriminator_width=32
    )
    convolutions = [(128, 128), (128, 64), (64, 32), (32, 1)]
    generator = 101 * 6272 + sum(25 * a * b + b + 4 * a for a, b in convolutions)
    trunk = sum(25 * a * b + b for a, b in [(1, 32), (32, 64), (64, 128), (128, 256)])
    assert model.generator.count_params() == generator
    assert model.discriminator.count_params() == trunk + 4097


@pytest.mark.parametrize("architecture", ["kerasgan", "atienza2018"])
def test_every_architecture_learns(architecture: str) -> None:
    model = build(architecture=architecture, latent="symmetric")
    model.compile()
    images = np.random.default_rng(0).random((6, 28, 28, 1), np.float32)
    history = model.fit(images, np.zeros(6), batch_size=3, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    noise, labels = model.latents(4, seed=1)
    in_use = model.inference_model()(noise)
    np.testing.assert_allclose(in_use, model.images(noise, labels), atol=1e-5)


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
    symmetric = build(latent="symmetric")
    for latent in (
        symmetric.latents(2000, 1)[0],
        symmetric.sample_latent(tf.zeros(2000, tf.int32)),
    ):
        latent = np.asarray(latent)
        assert -1 <= latent.min() < -0.99 < 0.99 < latent.max() < 1
        assert latent.mean() == pytest.approx(0, abs=0.05)


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
