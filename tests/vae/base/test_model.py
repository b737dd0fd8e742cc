"""What a VAE shows while it is trained."""

import numpy as np
import pytest
import tensorflow as tf

from tests.support.vae import build_cvae


@pytest.fixture
def images() -> np.ndarray:
    return (np.random.default_rng(0).random((4, 28, 28, 1)) < 0.2).astype(np.float32)


def test_snapshots_are_of_the_means(images: np.ndarray) -> None:
    model = build_cvae()
    mean, _ = model.encode(tf.constant(images))
    np.testing.assert_array_equal(model.snapshot(images), model.images(mean.numpy()))


def test_sampled_snapshots_follow_from_the_steps(images: np.ndarray) -> None:
    model, again = build_cvae(snapshot_codes="sampled"), build_cvae(snapshot_codes="sampled")
    first = model.snapshot(images)
    assert first.shape == images.shape
    np.testing.assert_array_equal(again.snapshot(images), first)
    for one in (model, again):
        one.optimizer.iterations.assign(7)
    later = model.snapshot(images)
    assert np.abs(later - first).max() > 1e-4
    np.testing.assert_array_equal(again.snapshot(images), later)


def test_sampled_codes_have_the_posteriors_moments(
    images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The codes that are decoded, of one image over and over."""
    model = build_cvae(snapshot_codes="sampled")
    model.encoder.layers[-1].bias.assign([1.0, -2.0, 0.5, -1.5])
    decoded: list[np.ndarray] = []
    monkeypatch.setattr(model, "images", decoded.append)
    model.snapshot(np.repeat(images[:1], 4000, axis=0))
    mean, log_variance = model.encode(tf.constant(images[:1]))
    np.testing.assert_allclose(decoded[0].mean(axis=0), mean[0], atol=0.06)
    np.testing.assert_allclose(decoded[0].std(axis=0), np.exp(log_variance[0] / 2), rtol=0.05)
