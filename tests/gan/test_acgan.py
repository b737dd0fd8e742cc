"""What the auxiliary classifier learns, and from whom."""

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.gan.acgan import ACGAN
from tests.support.gan import OPTIONS

IMAGES = tf.constant(np.random.default_rng(0).random((6, 28, 28, 1)), tf.float32)
LABELS = tf.constant([0, 1, 2, 3, 4, 4])


def build(**changes: Any) -> ACGAN:
    keras.utils.set_random_seed(1)
    small = {"latent_size": 5, "generator_width": 2, "discriminator_width": 2, "dropout": 0.0}
    model = ACGAN(
        **{
            **OPTIONS,
            **small,
            "latent": "normal",
            "hidden_activation": "relu",
            "classification_weight": 1.0,
            **changes,
        }
    )
    model.compile()
    return model


def test_sizes_are_atienzas_but_for_biases_before_a_normalisation() -> None:
    model = build(latent_size=100, generator_width=32, discriminator_width=32)
    assert model.generator.count_params() == 1_364_225 - (128 + 64 + 32)
    assert model.discriminator.count_params() == 1_606_283


def head(model: ACGAN) -> Any:
    """The layer that predicts the class."""
    (found,) = (x for x in model.discriminator.layers if getattr(x, "units", 0) == 10)
    return found


def entropy(logits: Any) -> float:
    logits = np.asarray(logits, np.float64)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return float(-log_probabilities[np.arange(6), LABELS.numpy()].mean())


def test_each_network_classifies_its_own_images() -> None:
    model = build(classification_weight=2.0)
    step = model.forward_pass(IMAGES, LABELS, training=False)
    discriminator, generator = model.loss_terms(step, training=False)
    assert set(discriminator) == {"discriminator", "real_classification"}
    assert set(generator) == {"generator", "fake_classification"}
    real, fake = (entropy(x["classes"]) for x in (step.real_outputs, step.fake_outputs))
    for term, value in (
        (discriminator["real_classification"], real),
        (generator["fake_classification"], fake),
    ):
        assert float(term.value) == pytest.approx(value, rel=1e-4)
        assert term.weight == 2.0
    assert real != pytest.approx(fake)


def test_the_classifier_learns_from_real_digits_only() -> None:
    """A step of plain descent moves its last bias by the mean of softmax - label of real ones."""
    model = build()
    model.discriminator_optimizer = keras.optimizers.SGD(1.0)
    real = model.to_generator_range(IMAGES)
    logits = model.discriminate(real, LABELS, training=True)["classes"]
    expected = tf.reduce_mean(tf.nn.softmax(logits) - tf.one_hot(LABELS, 10), axis=0)
    before = head(model).bias.numpy()
    model.train_step((IMAGES, LABELS))
    np.testing.assert_allclose(before - head(model).bias.numpy(), expected, atol=1e-5)


def test_the_generator_learns_from_its_own_digits_only() -> None:
    model = build()
    with tf.GradientTape(persistent=True) as tape:
        step = model.forward_pass(IMAGES, LABELS, training=True)
        discriminator, generator = model.loss_terms(step, training=True)
    variables = model.generator.trainable_variables
    assert not any(
        gradient is not None
        for gradient in tape.gradient(discriminator["real_classification"].value, variables)
    )
    of_fake = tape.gradient(generator["fake_classification"].value, variables)
    assert all(np.abs(np.asarray(gradient)).max() > 0 for gradient in of_fake)


def test_without_its_weight_the_classifier_does_not_change() -> None:
    model = build(classification_weight=0.0)
    before = head(model).get_weights()
    history = model.fit(IMAGES, LABELS, batch_size=6, verbose=0).history
    for old, new in zip(before, head(model).get_weights(), strict=True):
        assert np.array_equal(old, new)
    # It is measured all the same: of ten classes it knows nothing.
    for name in ("real_classification", "fake_classification"):
        assert history[name] == pytest.approx([math.log(10)], rel=0.1)


def test_accuracies_of_the_labels() -> None:
    model = build()
    found = model.test_step((IMAGES, LABELS))
    predicted = model.discriminate(model.to_generator_range(IMAGES), LABELS, False)["classes"]
    right = (np.argmax(predicted, axis=1) == LABELS.numpy()).mean()
    assert float(found["real_label_accuracy"]) == pytest.approx(right)
    assert 0 <= float(found["fake_label_accuracy"]) <= 1


def test_atienzas_hidden_layer_is_linear() -> None:
    def hidden(model: ACGAN) -> Any:
        (found,) = (x for x in model.discriminator.layers if getattr(x, "units", 0) == 128)
        return found.activation

    assert hidden(build()) is keras.activations.relu
    assert hidden(build(hidden_activation="linear")) is keras.activations.linear
