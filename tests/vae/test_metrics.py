"""The three estimates of log p(x), on a model small enough to know it, and on each other."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats
from scipy.special import logsumexp

from generative.vae import metrics

PIXELS = 6


class Toy:
    """One row of binary pixels whose logits are linear in a two-dimensional code."""

    def __init__(self, encoder_error: float = 0.0) -> None:
        generator = np.random.default_rng(0)
        self.weight = generator.normal(0, 2, (2, PIXELS)).astype(np.float32)
        self.encoder_error = encoder_error

    def encode(self, images: Any) -> tuple[Any, Any]:
        signs = tf.reshape(tf.cast(images, tf.float32), (-1, PIXELS)) * 2 - 1
        mean = signs @ np.linalg.pinv(self.weight) * 0.3 + self.encoder_error
        return mean, tf.fill(tf.shape(mean), -0.5)

    def decode(self, latent: Any) -> Any:
        return tf.reshape(tf.matmul(latent, self.weight), (-1, PIXELS, 1, 1))


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Every image there is."""
    bits = (np.arange(2**PIXELS)[:, np.newaxis] >> np.arange(PIXELS)) & 1
    return bits.reshape(-1, PIXELS, 1, 1).astype(np.float32)


def model(encoder_error: float = 0.0) -> keras.Model:
    toy: Any = Toy(encoder_error)
    return toy


@pytest.fixture(scope="module")
def exact(images: np.ndarray) -> np.ndarray:
    values, moved = metrics.exact_log_likelihood(model(), images, 0.001)
    assert moved < 0.001
    return values


def test_exact_probabilities_add_up_to_one(exact: np.ndarray) -> None:
    assert np.exp(exact).sum() == pytest.approx(1, abs=1e-4)


def test_exact_is_the_mean_over_the_prior(images: np.ndarray, exact: np.ndarray) -> None:
    latent = np.random.default_rng(1).standard_normal((200_000, 2))
    logits = latent @ model().weight
    log_p = logits @ images.reshape(-1, PIXELS).T - np.logaddexp(0, logits).sum(axis=1)[:, None]
    expected = logsumexp(log_p, axis=0) - np.log(len(latent))
    np.testing.assert_allclose(exact, expected, atol=0.05)


def test_elbo_below_importance_below_exact(images: np.ndarray, exact: np.ndarray) -> None:
    reconstruction, kl = metrics.elbo_terms(model(), images, 50, seed=1)
    proposal = metrics.posterior(model(), images)
    few, many = (
        metrics.importance_log_likelihood(model(), images, proposal, count, seed=1).mean()
        for count in (5, 2500)
    )
    assert -(reconstruction + kl).mean() < few < many < exact.mean() + 0.01
    assert many == pytest.approx(exact.mean(), abs=0.02)


def test_the_kl_is_scipys(images: np.ndarray) -> None:
    _, kl = metrics.elbo_terms(model(), images, 1, seed=1)
    mean, log_variance = metrics.encode(model(), images)
    width = np.exp(log_variance / 2)
    draws = np.random.default_rng(0).standard_normal((20_000, 1, 2)) * width + mean
    terms = stats.norm(mean, width).logpdf(draws) - stats.norm().logpdf(draws)
    np.testing.assert_allclose(kl, terms.sum(axis=-1).mean(axis=0), atol=0.05)


def test_guides_mend_an_encoder_that_is_wrong(images: np.ndarray, exact: np.ndarray) -> None:
    """Far from the posterior, q(z|x) alone is nats off; with guides the estimate is right."""

    class Shifted(Toy):
        """Wrong for the images asked about, right for the guides, which come in twos."""

        def encode(self, batch: Any) -> tuple[Any, Any]:
            mean, log_variance = super().encode(batch)
            return mean + (6.0 if len(batch) == len(images) else 0.0), log_variance

    wrong: Any = Shifted()
    alone = metrics.posterior(wrong, images)
    guides = np.concatenate([images, images])
    guided = metrics.guided_posterior(wrong, images, guides, 8)
    errors = [
        abs(metrics.importance_log_likelihood(wrong, images, p, 1000, seed=1) - exact).mean()
        for p in (alone, guided)
    ]
    assert errors[0] > 1
    assert errors[1] < 0.1


def test_two_level_mean_is_exact_if_everything_is_chosen() -> None:
    coarse, fine = np.random.default_rng(0).normal(size=(2, 50))
    assert metrics.two_level_mean(coarse, fine, np.arange(50)) == (pytest.approx(fine.mean()), 0)


def test_two_level_mean_is_unbiased_and_knows_its_error() -> None:
    generator = np.random.default_rng(0)
    coarse = generator.normal(-150, 40, 2000)
    fine = coarse + generator.normal(0.5, 0.3, 2000)
    found = []
    for _ in range(400):
        chosen = generator.permutation(2000)[:50]
        found.append(metrics.two_level_mean(coarse, fine[chosen], chosen))
    estimates, claimed = np.array(found).T
    assert estimates.mean() == pytest.approx(fine.mean(), abs=0.01)
    assert estimates.std() == pytest.approx(claimed.mean(), rel=0.2)


def test_active_units_counts_what_varies() -> None:
    codes = np.random.default_rng(0).standard_normal((500, 4)) * [1, 0.05, 0.5, 0]
    assert metrics.active_units(codes) == 2


def test_nearest_neighbours() -> None:
    codes = np.concatenate([np.full((20, 2), -1.0), np.full((20, 2), 1.0)])
    labels = np.repeat([3, 8], 20)
    assert metrics.nearest_neighbours_agree((codes, labels), (codes, labels), 5).all()
    assert not metrics.nearest_neighbours_agree((codes, labels), (-codes, labels), 5).any()
