"""The gradients of three objectives while the discriminator alone learns."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.gan.base.trainer import Adversarial
from generative.gan.gradients import gradients_while_discriminator_wins
from tests.families.test_adversarial import build

OBJECTIVES = ("minimax", "non_saturating", "maximum_likelihood")
# Brighter than anything that the untrained generator makes.
BRIGHT = tf.constant(np.random.default_rng(0).uniform(0.9, 1, (12, 8, 8, 1)), tf.float32)
BATCHES = [(BRIGHT, tf.zeros(12, tf.int32))] * 40


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Adversarial:
    """With the same codes in every step."""
    model = build(discriminator_learning_rate=0.02)
    kept = tf.constant(np.random.default_rng(1).normal(size=(12, 4)), tf.float32)
    monkeypatch.setattr(model, "draw", lambda labels: kept)
    return model


def test_rows_and_columns(model: Adversarial) -> None:
    table = gradients_while_discriminator_wins(model, OBJECTIVES, BATCHES[:7], every=3)
    assert list(table.columns) == ["step", "fake_accuracy", *OBJECTIVES]
    assert table["step"].tolist() == [0, 3, 6]
    assert np.isfinite(table.to_numpy()).all()


def slopes(s: np.ndarray) -> dict[str, np.ndarray]:
    """What each objective's loss changes by with the logit s, as in the tutorial's figure 16."""
    sigmoid = 1 / (1 + np.exp(-s))
    return {
        "minimax": -sigmoid / 2,
        "non_saturating": (sigmoid - 1) / 2,
        "maximum_likelihood": -np.exp(s) / 2,
    }


def test_norms_are_those_of_the_formulas(model: Adversarial) -> None:
    with tf.GradientTape(persistent=True) as tape:
        logits = model.play(*BATCHES[0], training=True).fake_seen["logits"]
        means = {
            name: tf.reduce_mean(tf.constant(slope, tf.float32) * logits)
            for name, slope in slopes(logits.numpy()).items()
        }
    variables = model.generator.trainable_variables
    expected = {
        name: float(tf.linalg.global_norm(tape.gradient(mean, variables)))
        for name, mean in means.items()
    }
    found = gradients_while_discriminator_wins(model, OBJECTIVES, BATCHES[:1], every=1).iloc[0]
    for name, norm in expected.items():
        assert norm > 0
        assert found[name] == pytest.approx(norm, rel=1e-3), name


def test_only_the_discriminator_learns_and_it_wins(model: Adversarial) -> None:
    def weights(network: Any) -> list[np.ndarray]:
        return [w.numpy() for w in network.trainable_variables]

    generator, discriminator = weights(model.generator), weights(model.discriminator)
    table = gradients_while_discriminator_wins(model, OBJECTIVES, BATCHES, every=1)
    assert all(map(np.array_equal, generator, weights(model.generator)))
    assert not any(map(np.array_equal, discriminator, weights(model.discriminator)))
    assert table["fake_accuracy"].iloc[-1] == 1
    assert table["fake_accuracy"].iloc[-1] >= table["fake_accuracy"].iloc[0]
    # What is left of the gradient then: least of minimax's, most of the non-saturating one's.
    last = table.iloc[-1]
    assert last["minimax"] < 0.5 * last["non_saturating"]
