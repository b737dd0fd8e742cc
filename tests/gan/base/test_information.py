"""Losses of information on codes, against closed forms."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from scipy.stats import norm, zscore
from sklearn.metrics import r2_score

from generative.gan.base import information

GENERATOR = np.random.default_rng(0)


def test_category_cross_entropy() -> None:
    probabilities = GENERATOR.dirichlet(np.ones(4), 6).astype(np.float32)
    categories = np.array([0, 1, 2, 3, 0, 2])
    found = information.category_cross_entropy(
        tf.math.log(probabilities) + 3, tf.one_hot(categories, 4)
    )
    assert float(found) == pytest.approx(
        -np.log(probabilities[np.arange(6), categories]).mean(), 1e-5
    )


def test_gaussian_code_loss_is_minus_the_log_density() -> None:
    mean, log_variance, codes = GENERATOR.normal(size=(3, 8, 2)).astype(np.float32)
    density = norm.logpdf(codes, mean, np.exp(log_variance / 2))
    found = information.gaussian_code_loss(mean, log_variance, codes)
    assert float(found) == pytest.approx(-density.sum(axis=1).mean(), 1e-5)


def test_loss_of_uninformative_images_is_the_entropy_of_the_codes_or_more() -> None:
    """The best Gaussian for U(-1, 1), mean 0 and variance 1/3, is still worse than its entropy."""
    codes = GENERATOR.uniform(-1, 1, (100_000, 1)).astype(np.float32)
    best = information.gaussian_code_loss(
        tf.zeros(codes.shape), tf.fill(codes.shape, -math.log(3)), codes
    )
    assert float(best) == pytest.approx(0.5 * math.log(2 * math.pi * math.e / 3), abs=0.01)
    assert float(best) > math.log(2)


def test_atienzas_loss_depends_on_the_sign_only() -> None:
    codes = tf.constant([[0.1], [-0.7], [1.4]])
    by_sign = information.atienza2018_code_loss(tf.sign(codes) * 100, codes)
    assert float(by_sign) == pytest.approx(-0.7 * math.log(1e7) / 3, 1e-4)
    for logits in (codes, 3 * codes, tf.zeros((3, 1))):
        assert float(information.atienza2018_code_loss(logits, codes)) > float(by_sign)


def test_mutual_information_of_categories() -> None:
    sure = 50 * tf.one_hot(np.arange(40) % 10, 10)
    assert float(information.category_mutual_information(sure, sure)) == pytest.approx(
        math.log(10), abs=0.01
    )
    # The scale and the mean of a category's logits have no effect.
    other = sure * GENERATOR.uniform(0.5, 2, 10) + GENERATOR.normal(size=10)
    assert float(information.category_mutual_information(sure, other)) == pytest.approx(
        math.log(10), abs=0.01
    )
    independent = tf.random.stateless_normal((5000, 10), (1, 2))
    apart = float(information.category_mutual_information(independent, independent[::-1]))
    assert apart < 0.01 < float(information.category_mutual_information(independent, independent))
    for unsure in (tf.zeros((40, 10)), 50 * tf.one_hot(np.zeros(40, int), 10)):
        assert float(information.category_mutual_information(unsure, unsure)) == pytest.approx(
            0, abs=1e-4
        )


def test_mutual_information_is_that_of_the_symmetric_joint() -> None:
    logits = GENERATOR.normal(2, 5, (2, 50, 3))
    first, second = (softmax(information.SHARPNESS * zscore(x), axis=1) for x in logits)
    joint = first.T @ second / 50
    joint = (joint + joint.T) / 2
    marginal = joint.sum(axis=0)
    expected = (joint * np.log(joint / np.outer(marginal, marginal))).sum()
    found = information.category_mutual_information(*(tf.constant(x, tf.float32) for x in logits))
    assert float(found) == pytest.approx(expected, abs=1e-4)


def test_r_squared() -> None:
    true, predicted = GENERATOR.normal(size=(2, 50, 3))
    expected = r2_score(true, predicted, multioutput="variance_weighted")
    assert information.r_squared(true, predicted) == pytest.approx(expected)
    assert information.r_squared(true, true) == 1
