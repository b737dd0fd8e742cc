"""The options of the convolutional VAE, each by what it changes."""

import numpy as np
import pytest
import tensorflow as tf

from generative.training.losses import total, unweighted
from generative.vae.cvae import CVAE
from tests.support.vae import build_cvae as build


@pytest.fixture
def images() -> np.ndarray:
    return (np.random.default_rng(0).random((16, 28, 28, 1)) < 0.2).astype(np.float32)


def terms(model: CVAE, images: np.ndarray, training: bool = True) -> dict[str, float]:
    """The terms without their weights, the ELBO, and what is minimised."""
    found, elbo = model.loss_terms(tf.constant(images), model(images), training)
    values = {name: float(value) for name, value in unweighted(found).items()}
    return values | {"elbo": float(elbo), "total": float(total(found))}


def test_size_is_the_tutorials() -> None:
    model = build()
    assert model.encoder.count_params() == 28_036
    assert model.decoder.count_params() == 41_953


def test_elbo_is_minus_the_terms(images: np.ndarray) -> None:
    found = terms(build(), images)
    assert found["elbo"] == pytest.approx(-found["reconstruction"] - found["kl"], rel=1e-5)


def test_monte_carlo_agrees_with_the_closed_form(images: np.ndarray) -> None:
    exact = terms(build(samples=50), images)["kl"]
    sampled = terms(build(samples=50, objective="monte_carlo"), images)["kl"]
    assert sampled == pytest.approx(exact, abs=0.1)


def test_importance_weighted_bound_is_tighter_and_grows_with_samples(images: np.ndarray) -> None:
    bounds = [
        -terms(build(objective="importance_weighted", samples=k), images)["bound"] for k in (1, 50)
    ]
    assert bounds[1] > bounds[0]
    assert bounds[1] > terms(build(samples=50), images)["elbo"]


def test_beta_weighs_the_kl_and_not_the_elbo(images: np.ndarray) -> None:
    one, four = terms(build(), images), terms(build(beta=4.0), images)
    assert four["total"] - one["total"] == pytest.approx(3 * one["kl"], abs=1e-3)
    for name in ("reconstruction", "kl", "elbo"):
        assert four[name] == one[name]


def test_warm_up_starts_at_zero_and_spares_validation(images: np.ndarray) -> None:
    model = build(kl_warm_up_steps=4)
    for training in (True, False):
        found = terms(model, images, training=training)
        assert found["kl"] > 0
        weight = 0 if training else 1
        expected = found["reconstruction"] + weight * found["kl"]
        assert found["total"] == pytest.approx(expected, rel=1e-6)
    model.optimizer.iterations.assign(2)
    halfway = float(model.warm_up())
    model.optimizer.iterations.assign(400)
    assert (halfway, float(model.warm_up())) == (0.5, 1.0)


def test_free_bits_are_a_floor_a_dimension(images: np.ndarray) -> None:
    found = terms(build(free_bits_nats=3.0), images)
    assert found["kl"] == pytest.approx(6.0)
    assert terms(build(free_bits_nats=3.0), images, training=False)["kl"] < 6.0


def test_cosine_ends_at_zero() -> None:
    model = build(learning_rate_decay="cosine")
    schedule = model.optimizer._learning_rate
    assert float(schedule(0)) == pytest.approx(0.001)
    assert float(schedule(10)) == pytest.approx(0.0)
