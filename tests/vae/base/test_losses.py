import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from generative.vae.base import losses

small = st.floats(-3, 3, width=32)


@given(small, small)
@settings(max_examples=30, deadline=None)
def test_unit_gaussian_kl_is_the_integral(mean: float, log_variance: float) -> None:
    own, prior = stats.norm(mean, np.exp(log_variance / 2)), stats.norm()

    def integrand(z: float) -> float:
        return own.pdf(z) * (own.logpdf(z) - prior.logpdf(z))

    expected, _ = integrate.quad(integrand, own.ppf(1e-12), own.ppf(1 - 1e-12), limit=200)
    assert float(losses.unit_gaussian_kl(mean, log_variance)) == pytest.approx(expected, abs=1e-4)


def test_unit_gaussian_kl_is_zero_at_the_prior() -> None:
    assert float(losses.unit_gaussian_kl(0.0, 0.0)) == 0


@given(small, small, small)
@settings(max_examples=30, deadline=None)
def test_gaussian_log_density_is_scipys(value: float, mean: float, log_variance: float) -> None:
    expected = stats.norm(mean, np.exp(log_variance / 2)).logpdf(value)
    found = losses.gaussian_log_density(tf.constant([value]), mean, tf.constant([log_variance]))
    assert float(found) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_bernoulli_log_likelihood_is_scipys() -> None:
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(5, 28, 28, 1)).astype(np.float32)
    images = (generator.random(logits.shape) < 0.5).astype(np.float32)
    expected = stats.bernoulli(1 / (1 + np.exp(-logits))).logpmf(images).sum(axis=(1, 2, 3))
    found = losses.bernoulli_log_likelihood(images, logits).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_bernoulli_log_likelihood_survives_extreme_logits() -> None:
    logits = np.array([[[[-500.0]], [[500.0]]]], np.float32)
    images = np.array([[[[1.0]], [[1.0]]]], np.float32)
    assert losses.bernoulli_log_likelihood(images, logits).numpy() == pytest.approx([-500.0])


def test_importance_weighted_bound() -> None:
    weights = np.random.default_rng(0).normal(-300, 5, (40, 7))
    expected = np.log(np.exp(weights + 300).mean(axis=0)) - 300
    found = losses.importance_weighted_bound(tf.constant(weights)).numpy()
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(
        losses.importance_weighted_bound(tf.constant(weights[:1])), weights[0]
    )
