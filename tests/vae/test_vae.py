"""The VAE of Chollet (2017): its networks, its loss, and what is wrong with that loss."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.training.losses import total
from generative.vae.base import losses
from generative.vae.vae import VAE, LossTerms, implied_beta


def build(objective: Any = "elbo", latent_size: int = 2) -> VAE:
    keras.utils.set_random_seed(3)
    return VAE(
        latent_size=latent_size,
        objective=objective,
        snapshot_codes="mean",
        optimizer={"class_name": "RMSprop", "config": {}},
        learning_rate=0.001,
        learning_rate_decay="none",
    )


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((16, 28, 28, 1), dtype=np.float32)


def test_size_is_that_of_chollet2017() -> None:
    model = build()
    assert model.encoder.count_params() == 494_244
    assert model.decoder.count_params() == 56_385


def test_elbo_is_minus_the_terms(images: np.ndarray) -> None:
    model = build()
    terms, elbo = model.loss_terms(images, model(images), training=True)
    assert float(elbo) == pytest.approx(-float(total(terms)), rel=1e-5)


def test_the_loss_of_chollet2017_is_its_formula_times_784(images: np.ndarray) -> None:
    generator = np.random.default_rng(1)
    logits = generator.normal(size=images.shape).astype(np.float32)
    mean, v = generator.normal(size=(2, 16, 2)).astype(np.float32)
    values = LossTerms("chollet2017")([images, logits, mean, 2 * v])
    cross_entropy = keras.losses.binary_crossentropy(
        images.reshape(16, -1), tf.sigmoid(logits.reshape(16, -1))
    )
    divergence = -5e-4 * np.mean(1 + v - mean**2 - np.exp(v), axis=-1)
    expected = 784 * np.mean(cross_entropy + divergence)
    found = values["reconstruction"] + implied_beta(2) * values["kl"]
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_the_kl_of_chollet2017_is_reported_without_its_weight(images: np.ndarray) -> None:
    model = build("chollet2017")
    outputs = model(images)
    terms, _ = model.loss_terms(images, outputs, training=True)
    of_half = losses.unit_gaussian_kl(outputs["mean"], outputs["log_variance"] / 2)
    expected = float(tf.reduce_mean(tf.reduce_sum(of_half, axis=-1)))
    assert float(terms["kl"].value) == pytest.approx(expected, rel=1e-5)
    assert terms["kl"].weight == implied_beta(2)


def test_the_sampler_of_chollet2017_has_the_deviation_of_its_log_variance(
    images: np.ndarray,
) -> None:
    chollet, right = build("chollet2017"), build()
    chollet.set_weights(right.get_weights())
    _, raw = right.encode(images)
    _, log_variance = chollet.encode(images)
    np.testing.assert_allclose(log_variance, 2 * raw, rtol=1e-5, atol=1e-6)
    codes = chollet(np.repeat(images[:1], 400, axis=0))["latent"][0].numpy()
    np.testing.assert_allclose(codes.std(axis=0), np.exp(raw[0]), rtol=0.25)


def test_the_elbo_of_chollet2017_is_that_of_its_sampler(images: np.ndarray) -> None:
    model = build("chollet2017")
    outputs = model(images)
    terms, elbo = model.loss_terms(images, outputs, training=True)
    kl = losses.unit_gaussian_kl(outputs["mean"], outputs["log_variance"])
    reconstruction = float(terms["reconstruction"].value)
    expected = -reconstruction - float(tf.reduce_mean(tf.reduce_sum(kl, axis=-1)))
    assert float(elbo) == pytest.approx(expected, rel=1e-5)


def test_the_implied_beta_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert implied_beta(2) == pytest.approx(0.392)
    assert implied_beta(20) == pytest.approx(0.0392)
    build("chollet2017").compile()
    assert "beta 0.392" in capsys.readouterr().out
    build().compile()
    assert capsys.readouterr().out == ""
