"""The formulas against their definitions, written out in numpy."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from generative.style import losses

Array = np.ndarray


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_the_gram_matrix_is_the_mean_of_products_of_channels() -> None:
    features = random(5, 7, 3)
    expected = np.einsum("hwi,hwj->ij", features, features) / 35
    found = losses.gram_matrix(tf.constant(features))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_gram_matrix_does_not_depend_on_positions() -> None:
    features = random(6, 4, 5)
    moved = np.random.default_rng(1).permutation(features.reshape(24, 5)).reshape(4, 6, 5)
    found, expected = (losses.gram_matrix(tf.constant(x)) for x in (moved, features))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_gram_matrix_is_float32_whatever_the_features_are() -> None:
    """A sum of 65,536 ones stops at 256 in bfloat16."""
    ones = tf.ones((256, 256, 1), tf.bfloat16)
    found = losses.gram_matrix(ones)
    assert found.dtype == tf.float32
    assert float(found[0, 0]) == 1


def terms(normalization: Any) -> tuple[float, float]:
    """The style loss of two layers' features, and the sum of squares that it divides."""
    one, other = random(6, 8, 4), random(6, 8, 4, seed=1)
    first, second = (losses.gram_matrix(tf.constant(x)) for x in (one, other))
    found = float(losses.style_loss(first, second, 48.0, 192.0, normalization))
    flat = [x.reshape(48, 4).astype(np.float64) for x in (one, other)]
    return found, float(((flat[0].T @ flat[0] - flat[1].T @ flat[1]) ** 2).sum())


def test_gatys_is_the_papers_style_loss() -> None:
    found, squares = terms("gatys")
    assert found == pytest.approx(squares / (4 * 4**2 * 48**2), rel=1e-5)


def test_mean_is_the_tutorials_style_loss() -> None:
    assert terms("mean")[0] == pytest.approx(4 * terms("gatys")[0], rel=1e-5)


def test_source_is_the_style_loss_of_keras_example() -> None:
    """3 channels and the picture's size, whatever the layer: 192 pixels here."""
    found, squares = terms("source")
    assert found == pytest.approx(squares / (4 * 3**2 * 192**2), rel=1e-5)


def test_the_style_loss_of_a_larger_picture_is_the_same() -> None:
    features = random(4, 5, 3)
    tiled = np.tile(features, (3, 2, 1))
    first, second = (losses.gram_matrix(tf.constant(x)) for x in (features, tiled))
    found = losses.style_loss(first, second, 20.0, 20.0, "gatys")
    assert float(found) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize(("normalization", "factor"), [("gatys", 0.5), ("mean", 1), ("source", 60)])
def test_content_loss(normalization: Any, factor: float) -> None:
    one, other = random(4, 5, 3), random(4, 5, 3, seed=1)
    mean = float(((one - other).astype(np.float64) ** 2).mean())
    found = losses.content_loss(tf.constant(one), tf.constant(other), normalization)
    assert float(found) == pytest.approx(factor * mean, rel=1e-5)


def test_total_variation_of_a_ramp() -> None:
    """A step of 0.1 down and 0.2 across at every pixel of every colour."""
    down, across = np.mgrid[:6, :5].astype(np.float32)
    ramp = np.repeat((0.1 * down + 0.2 * across)[..., None], 3, axis=-1)
    picture = tf.constant(ramp)
    for normalization in ("gatys", "mean"):
        found = losses.total_variation(picture, normalization)
        assert float(found) == pytest.approx(0.05, rel=1e-5)
    steps = 255**2 * (0.01 + 0.04)
    expected = 5 * 4 * 3 * steps**1.25
    assert float(losses.total_variation(picture, "source")) == pytest.approx(expected, rel=1e-5)


def test_total_variation_of_a_constant_picture_has_a_gradient() -> None:
    picture = tf.fill((4, 4, 3), 0.5)
    for normalization in ("gatys", "mean", "source"):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            loss = losses.total_variation(picture, normalization)
        assert float(loss) == pytest.approx(0, abs=1e-6)
        assert np.isfinite(tape.gradient(loss, picture)).all()
