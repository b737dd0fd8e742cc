"""Samples of a GAN: the moving average they come from, and their labels."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core.errors import BadInput
from generative.gan.base import sampling
from tests.support.gan import IMAGES, LABELS, build


def weights(network: keras.Model) -> list[np.ndarray]:
    return [w.numpy() for w in network.trainable_variables]


def test_the_moving_average_and_its_statistics() -> None:
    model = build(average_decay=0.5)
    model.compile()
    before = weights(model.average_generator)
    model.train_step((tf.constant(IMAGES), tf.constant(LABELS)))
    networks = model.average_generator, model.generator
    for average, old, new in zip(weights(networks[0]), before, weights(networks[1]), strict=True):
        np.testing.assert_allclose(average, (old + new) / 2, atol=1e-6)
    model.recompute_batch_statistics()
    dense, _, normalization = model.average_generator.layers[:3]
    noise, _ = model.latents(sampling.STATISTICS_BATCHES * sampling.STATISTICS_BATCH, seed=0)
    hidden = np.asarray(dense(noise)).reshape(-1, 2)
    np.testing.assert_allclose(normalization.moving_mean, hidden.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(normalization.moving_variance, hidden.var(axis=0), rtol=0.01)


def test_samples_come_from_the_average() -> None:
    model = build()
    before = model.generate(2, seed=1)
    model.generator.set_weights([w + 1 for w in model.generator.get_weights()])
    assert np.array_equal(before, model.generate(2, seed=1))


def test_labels() -> None:
    model = build(classes=3)
    assert model.latents(5, 1)[1].tolist() == [0, 1, 2, 0, 1]
    assert np.array_equal(model.generate(3, 1), model.generate(3, 1, [0, 1, 2]))
    np.testing.assert_allclose(
        model.generate(3, 1, 2)[2], model.generate(3, 1, [0, 1, 2])[2], atol=1e-6
    )
    assert not np.array_equal(model.generate(3, 1, 0), model.generate(3, 1, 1))
    with pytest.raises(BadInput, match="received 3, must be 0 to 2"):
        model.generate(2, 1, [0, 3])
    with pytest.raises(BadInput, match="received -1"):
        model.generate(2, 1, -1)
    with pytest.raises(BadInput, match="received 2, one or 3"):
        model.generate(3, 1, [0, 1])
    with pytest.raises(BadInput, match="is not conditional"):
        build().generate(2, 1, 0)


def test_the_inference_model_generates_the_same() -> None:
    model = build()
    model.compile()
    model.fit(IMAGES, LABELS, batch_size=6, verbose=0)
    noise, _ = model.latents(3, seed=4)
    exported = model.inference_model()
    np.testing.assert_allclose(exported(noise), model.generate(3, seed=4), atol=1e-6)
