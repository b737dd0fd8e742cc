"""Losses and penalties of GANs against closed forms and gradients."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from generative.gan.base import losses

logits = st.lists(st.floats(-20, 20), min_size=1, max_size=6).map(
    lambda values: tf.constant(values, tf.float32)[:, tf.newaxis]
)


def log_sigmoid(x: Any) -> np.ndarray:
    return -np.logaddexp(0, -np.asarray(x, np.float64))


@given(logits, logits, st.floats(0.1, 1), st.floats(0, 0.9))
def test_logistic_discriminator_is_the_cross_entropy(
    real: Any, fake: Any, real_target: float, fake_target: float
) -> None:
    expected = sum(
        -np.mean(target * log_sigmoid(x) + (1 - target) * log_sigmoid(-x.numpy()))
        for x, target in ((real, real_target), (fake, fake_target))
    )
    found = losses.logistic_discriminator(real, fake, real_target, fake_target)
    assert float(found) == pytest.approx(expected / 2, rel=1e-4, abs=1e-5)


@given(logits)
def test_generators_losses_in_probabilities(fake: Any) -> None:
    """The forms of Goodfellow (2016), with D = sigmoid(s)."""
    log_d, log_not_d = log_sigmoid(fake), log_sigmoid(-fake.numpy())
    found = {name: float(of_generator(fake)) for name, (_, of_generator) in GOODFELLOW.items()}
    assert found["minimax"] == pytest.approx(log_not_d.mean() / 2, rel=1e-4, abs=1e-6)
    assert found["non_saturating"] == pytest.approx(-log_d.mean() / 2, rel=1e-4, abs=1e-6)
    ratio = np.minimum(np.exp(log_d - log_not_d), np.exp(losses.LARGEST_LOGIT))  # D / (1 - D)
    assert found["maximum_likelihood"] == pytest.approx(-ratio.mean() / 2, rel=1e-3)


GOODFELLOW = {
    name: losses.OBJECTIVES[name] for name in ("minimax", "non_saturating", "maximum_likelihood")
}


@given(st.floats(-9, 9))
def test_their_gradients(s: float) -> None:
    sigmoid = 1 / (1 + np.exp(-s))
    expected = {
        "minimax": -sigmoid / 2,
        "non_saturating": -(1 - sigmoid) / 2,
        "maximum_likelihood": -np.exp(s) / 2,
    }
    for name, (_, of_generator) in GOODFELLOW.items():
        logit = tf.constant([[s]])
        with tf.GradientTape() as tape:
            tape.watch(logit)
            loss = of_generator(logit)
        assert float(tape.gradient(loss, logit)[0, 0]) == pytest.approx(expected[name], rel=1e-3)


def test_two_softmax_outputs_are_one_logit() -> None:
    """KerasGAN's discriminator has two; gradients with respect to both follow from s."""
    pair = tf.constant([[0.3, -1.2], [2.0, 0.5]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(pair)
        softmax = -tf.reduce_mean(tf.nn.log_softmax(pair)[:, 0]) / 2
        ours = losses.non_saturating_generator(pair[:, :1] - pair[:, 1:])
    np.testing.assert_allclose(tape.gradient(softmax, pair), tape.gradient(ours, pair), rtol=1e-5)


def test_a_smoothed_target_has_a_least_loss_inside() -> None:
    """Above one it would have none: Chollet's (2017) label noise rewards ever larger logits."""
    fake = tf.constant([[0.0]])

    def at(logit: float, target: float) -> float:
        return float(losses.logistic_discriminator(tf.constant([[logit]]), fake, target))

    assert at(2.2, 0.9) < at(50.0, 0.9)
    assert at(99.0, 1.05) < at(9.0, 1.05) < at(2.2, 0.9)


def test_hinge_and_wasserstein() -> None:
    real, fake = tf.constant([[0.5], [3.0]]), tf.constant([[-2.0], [0.5]])
    assert float(losses.hinge_discriminator(real, fake)) == pytest.approx(0.25 + 0.75)
    assert float(losses.hinge_discriminator(real, fake, 0.9, 0.1)) == pytest.approx(0.2 + 0.7)
    assert float(losses.wasserstein_discriminator(real, fake)) == pytest.approx(-0.75 - 1.75)
    assert float(losses.linear_generator(fake)) == pytest.approx(0.75)


def test_losses_of_labels_and_their_accuracy() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(4), 6)
    labels = np.array([0, 1, 2, 3, 0, 2])
    logits = tf.constant(np.log(probabilities), tf.float32)
    expected = -np.log(probabilities[range(6), labels]).mean()
    assert float(losses.label_cross_entropy(logits, labels)) == pytest.approx(expected, 1e-5)
    expected = np.square(probabilities - np.eye(4)[labels]).mean()
    assert float(losses.label_squared_error(logits, labels)) == pytest.approx(expected, 1e-5)
    expected = (probabilities.argmax(axis=1) == labels).mean()
    assert float(losses.label_accuracy(logits, labels)) == pytest.approx(expected)


def in_graph(function: Callable[..., Any], *arguments: Any) -> float:
    return float(tf.function(function)(*arguments))


def test_penalties_of_a_linear_discriminator() -> None:
    """Its slope is its weight everywhere: |w|^2 / 2, and (|w| - 1)^2."""
    generator = np.random.default_rng(1)
    weight = tf.constant(generator.normal(size=(4, 4, 1)), tf.float32)
    real, fake = (tf.constant(generator.random((3, 4, 4, 1)), tf.float32) for _ in range(2))
    share = tf.constant(generator.random((3, 1, 1, 1)), tf.float32)

    def linear(images: Any) -> Any:
        return tf.reduce_sum(images * weight, axis=[1, 2, 3])[:, tf.newaxis]

    norm = float(tf.norm(weight))
    found = in_graph(lambda x: losses.r1_penalty(linear, x), real)
    assert found == pytest.approx(norm**2 / 2, rel=1e-5)
    found = in_graph(lambda x, y: losses.gradient_penalty(linear, x, y, share), real, fake)
    assert found == pytest.approx((norm - 1) ** 2, rel=1e-4)


def test_gradient_penalty_lies_between_the_images() -> None:
    """A slope of |x| at x: with one pixel, share 0.25 of a real 4 and a fake 0 is at 1."""
    real, fake = tf.constant([[[[4.0]]]]), tf.constant([[[[0.0]]]])
    share = tf.constant([[[[0.25]]]])

    def half_square(images: Any) -> Any:
        return tf.reduce_sum(images**2 / 2, axis=[1, 2, 3])[:, tf.newaxis]

    found = in_graph(lambda x, y: losses.gradient_penalty(half_square, x, y, share), real, fake)
    assert found == pytest.approx(0, abs=1e-6)


def test_effective_sample_size() -> None:
    assert float(losses.effective_sample_size(tf.zeros((8, 1)))) == pytest.approx(8)
    one = tf.constant([[9.0], [-30.0], [-30.0], [-30.0]])
    assert float(losses.effective_sample_size(one)) == pytest.approx(1)
    two = tf.constant([[3.0], [3.0], [-90.0], [-90.0]])
    assert float(losses.effective_sample_size(two)) == pytest.approx(2)


def test_variety() -> None:
    same = tf.ones((5, 4, 4, 1)) * 0.3
    assert float(losses.variety(same)) == pytest.approx(0, abs=1e-6)
    noise = np.random.default_rng(0).normal(0, 2, (4000, 3, 3, 1)).astype(np.float32)
    assert float(losses.variety(tf.constant(noise))) == pytest.approx(2, rel=0.02)
