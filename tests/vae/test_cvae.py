"""The options of the convolutional VAE, each by what it changes."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core import saving
from generative.training.losses import total, unweighted
from generative.vae.cvae import CVAE
from tests.support.saving import check_signature
from tests.support.vae import CVAE_ARGUMENTS
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


@pytest.mark.parametrize(
    ("width", "outer", "inner"), [(4, 4, 8), (64, 64, 128), ([16, 16], 16, 16)]
)
def test_width_is_that_of_all_convolutions(width: Any, outer: int, inner: int) -> None:
    """A 3x3 convolution from m to n channels has 9mn weights and n biases; the dense layers stand
    between codes of 2 and 6 x 6 x inner features, and 7 x 7 x 32."""
    model = build(width=width)
    encoder = (9 + 1) * outer + (9 * outer + 1) * inner + (6 * 6 * inner + 1) * 4
    decoder = (2 + 1) * 7 * 7 * 32 + (9 * 32 + 1) * inner
    decoder += (9 * inner + 1) * outer + 9 * outer + 1
    assert model.encoder.count_params() == encoder
    assert model.decoder.count_params() == decoder


def test_batch_normalization_stands_between_hidden_convolutions_and_their_relu() -> None:
    normalized = build(batch_normalization="convolutions")
    for model, convolution in (
        (normalized.encoder, keras.layers.Conv2D),
        (normalized.decoder, keras.layers.Conv2DTranspose),
    ):
        kinds = [type(layer) for layer in model.layers]
        places = [i for i, kind in enumerate(kinds) if kind is keras.layers.BatchNormalization]
        assert len(places) == 2
        for i in places:
            assert (kinds[i - 1], kinds[i + 1]) == (convolution, keras.layers.ReLU)
            assert model.layers[i - 1].activation is keras.activations.linear
    # Four vectors a channel, in the place of its bias.
    assert normalized.count_params() == build().count_params() + 3 * 2 * (32 + 64)


def test_batch_normalization_takes_the_batch_in_training_only(images: np.ndarray) -> None:
    model = build(batch_normalization="convolutions")
    moving = [v for v in model.non_trainable_variables if v.path.endswith("moving_mean")]
    assert len(moving) == 4
    assert all(not variable.numpy().any() for variable in moving)
    held_out = model(images)["mean"].numpy()
    np.testing.assert_allclose(model(images[:1])["mean"], held_out[:1], atol=1e-6)
    assert all(not variable.numpy().any() for variable in moving)
    assert np.abs(model(images, training=True)["mean"] - held_out).max() > 1e-3
    assert all(variable.numpy().any() for variable in moving)


@pytest.mark.parametrize(
    "changes", [{"width": 4}, {"width": 4, "batch_normalization": "convolutions"}]
)
def test_variants_train_and_are_kept(
    changes: dict[str, Any], images: np.ndarray, tmp_path: Path
) -> None:
    model = build(**changes)
    before = [weight.numpy() for weight in model.trainable_variables]
    history = model.fit(images, images, validation_data=(images, images), verbose=0).history
    assert np.isfinite([history["loss"], history["val_loss"]]).all()
    for weight, old in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(weight.numpy(), old), weight.path
    arguments = {**CVAE_ARGUMENTS, **changes}
    saving.save(model, saving.Description("vae/cvae", arguments, "mnist", {}), tmp_path)
    again = saving.load(tmp_path)
    np.testing.assert_array_equal(again.generate(3, 1), model.generate(3, 1))
    np.testing.assert_array_equal(again.snapshot(images), model.snapshot(images))
    check_signature(tmp_path)


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
