"""GANs of several objectives compared: their figure, and the gradients while the discriminator
alone is trained."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from PIL import Image

from generative.core.errors import BadInput
from generative.gan.base.losses import Objective
from generative.gan.base.trainer import BaseGAN
from generative.gan.objectives import (
    METRICS,
    Objectives,
    compare,
    gradients_while_discriminator_wins,
)
from tests.support.gan import build

OBJECTIVES = ("minimax", "non_saturating", "maximum_likelihood")
# Brighter than anything that the untrained generator makes.
BRIGHT = tf.constant(np.random.default_rng(0).uniform(0.9, 1, (12, 8, 8, 1)), tf.float32)
BATCHES = [(BRIGHT, tf.zeros(12, tf.int32))] * 40


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> BaseGAN:
    """With the same latents in every step."""
    model = build(discriminator_learning_rate=0.02)
    latents = tf.constant(np.random.default_rng(1).normal(size=(12, 4)), tf.float32)
    monkeypatch.setattr(model, "sample_latent", lambda labels: latents)
    return model


def test_rows_and_columns(model: BaseGAN) -> None:
    table = gradients_while_discriminator_wins(model, OBJECTIVES, BATCHES[:7], every=3)
    assert list(table.columns) == ["step", "fake_accuracy", *OBJECTIVES]
    assert table["step"].tolist() == [0, 3, 6]
    assert np.isfinite(table.to_numpy()).all()


def slopes(s: np.ndarray) -> dict[str, np.ndarray]:
    """The slope of each objective's loss in the logit s, as in figure 16 of Goodfellow (2016)."""
    sigmoid = 1 / (1 + np.exp(-s))
    return {
        "minimax": -sigmoid / 2,
        "non_saturating": (sigmoid - 1) / 2,
        "maximum_likelihood": -np.exp(s) / 2,
    }


def test_norms_are_those_of_the_formulas(model: BaseGAN) -> None:
    with tf.GradientTape(persistent=True) as tape:
        logits = model.forward_pass(*BATCHES[0], training=True).fake_outputs["logits"]
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


def test_only_the_discriminator_learns_and_it_wins(model: BaseGAN) -> None:
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


def options(models: dict[Objective, str]) -> Objectives:
    return Objectives(models=models, seed=1, rows=2, columns=3, steps=5, every=2, batch_size=6)


def inputs(models: dict[str, BaseGAN]) -> tuple[Any, Any, Any]:
    """Histories, metrics and batches of a comparison of `models`."""
    history = pd.DataFrame({"epoch": [1, 2], "discriminator": [0.7, 0.6], "generator": [0.5, 0.6]})
    metrics = {name: 1.5 for name in (*METRICS, "another")}
    images = tf.constant(np.random.default_rng(0).random((12, 8, 8, 1)), tf.float32)
    batches = tf.data.Dataset.from_tensor_slices((images, tf.zeros(12, tf.int32))).batch(6).repeat()
    return dict.fromkeys(models, history), dict.fromkeys(models, metrics), batches


def test_a_comparison_of_objectives(tmp_path: Path) -> None:
    chosen = options({"minimax": "first", "non_saturating": "second"})
    models = {name: build(objective=name) for name in ("minimax", "non_saturating")}
    compare(models, *inputs(models), chosen, tmp_path)
    table = pd.read_csv(tmp_path / "gradients.csv")
    assert list(table.columns) == ["step", "fake_accuracy", "minimax", "non_saturating"]
    assert table["step"].tolist() == [0, 2, 4]
    with Image.open(tmp_path / "objectives.png") as picture:
        assert picture.width > picture.height / 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["gradients.csv", "objectives.png"]


def test_a_model_of_another_objective_is_refused(tmp_path: Path) -> None:
    models = {"minimax": build(objective="hinge")}
    with pytest.raises(BadInput, match="objectives.models.minimax: first was trained .* hinge"):
        compare(models, *inputs(models), options({"minimax": "first"}), tmp_path)
    assert not list(tmp_path.iterdir())
