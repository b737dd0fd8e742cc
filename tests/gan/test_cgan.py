"""Both ways in which the conditional GAN's discriminator is given the label."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generative.gan.cgan import CGAN
from tests.support.gan import OPTIONS

IMAGES = tf.constant(np.random.default_rng(0).random((4, 28, 28, 1)), tf.float32)


def build(**changes: Any) -> CGAN:
    keras.utils.set_random_seed(1)
    small = {"latent_size": 5, "generator_width": 2, "discriminator_width": 2, "dropout": 0.0}
    return CGAN(**{**OPTIONS, **small, "latent": "normal", "condition": "projection", **changes})


def test_sizes_are_atienzas_but_for_biases_before_a_normalisation() -> None:
    wide = {"latent_size": 100, "generator_width": 32, "discriminator_width": 32}
    model = build(**wide, condition="concatenation")
    assert model.generator.count_params() == 1_364_225 - (128 + 64 + 32)
    assert model.discriminator.count_params() == 1_090_001
    # No plane of the label, but an embedding of each class as wide as the features.
    projection = build(**wide).discriminator.count_params()
    assert projection == 1_090_001 - (11 * 784 + 32 * 25) + 10 * 4096


@pytest.mark.parametrize("condition", ["concatenation", "projection"])
def test_the_discriminator_depends_on_the_label(condition: str) -> None:
    model = build(condition=condition)
    logits = [
        np.asarray(model.discriminate(IMAGES, tf.fill((4,), digit), False)["logits"])
        for digit in range(10)
    ]
    assert logits[0].shape == (4, 1)
    assert len(np.unique(logits, axis=0)) == 10


def test_projection_is_the_papers_formula() -> None:
    """f(x, y) = y' V features(x) + w' features(x) + b (equation 3)."""
    model = build()
    network = model.discriminator
    (flat,) = (layer for layer in network.layers if isinstance(layer, layers.Flatten))
    features = np.asarray(keras.Model(network.inputs[0], flat.output)(IMAGES))
    linear, embedding = sorted(
        (layer for layer in network.layers if isinstance(layer, layers.Dense)),
        key=lambda layer: layer.units,
    )
    linear.bias.assign([0.25])
    labels = np.array([3, 1, 4, 1])
    expected = (features * embedding.kernel.numpy()[labels]).sum(axis=1)
    expected += (features @ linear.kernel.numpy())[:, 0] + 0.25
    found = model.discriminate(IMAGES, tf.constant(labels), training=False)["logits"]
    np.testing.assert_allclose(np.asarray(found)[:, 0], expected, rtol=1e-4, atol=1e-5)
