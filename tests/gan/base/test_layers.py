"""Layers that several GANs share."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generative.gan.base.layers import (
    BatchNormalization,
    ResizeConv2D,
    SpectralNormalization,
    builtin_layer,
    spectrally_normalized,
)
from tests.support.gan import IMAGES, LABELS, build


def test_the_fused_batch_normalization_is_keras_own() -> None:
    fused, plain = BatchNormalization(), layers.BatchNormalization()
    inputs = tf.constant(np.random.default_rng(1).normal(3, 2, (5, 4, 4, 3)), tf.float32)
    results = []
    for layer in (fused, plain):
        layer.build(inputs.shape)
        layer.gamma.assign([0.5, 1.0, 2.0])
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
            value = tf.reduce_sum(outputs**3)
        results.append([outputs, *tape.gradient(value, [inputs, *layer.trainable_variables])])
    for ours, keras_own in zip(*results, strict=True):
        np.testing.assert_allclose(ours, keras_own, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(fused.moving_mean, plain.moving_mean, rtol=1e-5)
    # The fused kernel keeps the unbiased variance: 80 values a channel.
    unbiased = 0.99 + (np.asarray(plain.moving_variance) - 0.99) * 80 / 79
    np.testing.assert_allclose(fused.moving_variance, unbiased, rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"use_bias": False, "activation": "relu"}])
def test_a_resize_convolution_is_keras_own_two_layers(options: dict[str, Any]) -> None:
    ours = ResizeConv2D(4, **options)
    inputs = tf.constant(np.random.default_rng(1).normal(size=(2, 5, 7, 3)), tf.float32)
    ours(inputs)
    if ours.use_bias:
        ours.bias.assign([1.0, -1.0, 0.5, 0.0])
    two = builtin_layer(ours)
    two.build(inputs.shape)
    two.set_weights(ours.get_weights())
    results = []
    for layer in (ours, two):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
            value = tf.reduce_sum(outputs**3)
        results.append([outputs, *tape.gradient(value, [inputs, *layer.trainable_variables])])
    assert results[0][0].shape == ours.compute_output_shape(inputs.shape) == (2, 10, 14, 4)
    for mine, keras_own in zip(*results, strict=True):
        np.testing.assert_allclose(mine, keras_own, rtol=1e-3, atol=1e-3)


RANDOM = np.random.default_rng(0)
KERNELS = [
    (layers.Dense(6, activation="relu"), (5, 7)),
    (layers.Conv2D(4, 3, strides=2, use_bias=False), (2, 9, 9, 3)),
    (layers.Conv2DTranspose(4, 3, padding="same"), (2, 5, 5, 3)),
    (layers.Conv2D(4, 3, dtype="mixed_bfloat16"), (2, 9, 9, 3)),
]


@pytest.mark.parametrize(("layer", "shape"), KERNELS, ids=lambda x: getattr(x, "name", ""))
def test_spectral_normalization_divides_by_the_largest_singular_value(
    layer: keras.Layer, shape: tuple[int, ...]
) -> None:
    keras.utils.set_random_seed(1)  # how fast the iteration converges depends on the kernel
    inputs = tf.constant(RANDOM.normal(size=shape), tf.float32)
    ours = SpectralNormalization(layer, dtype=layer.dtype_policy)
    ours(inputs)
    kernel = ours.layer.kernel.numpy()
    for _ in range(300):
        ours(inputs, training=True)
    assert np.array_equal(ours.layer.kernel, kernel)  # it stays
    vector = ours.singular_vector.numpy()
    if transposed := isinstance(layer, layers.Conv2DTranspose):
        kernel = np.swapaxes(kernel, -1, -2)
    left, values, right = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), full_matrices=False)
    with tf.GradientTape() as tape:
        value = ours.largest_singular_value(training=False)
    assert float(value) == pytest.approx(values[0], rel=1e-4)
    gradient = tape.gradient(value, ours.layer.kernel.value)
    expected = np.outer(left[:, 0], right[0]).reshape(kernel.shape)
    expected = np.swapaxes(expected, -1, -2) if transposed else expected
    np.testing.assert_allclose(gradient, expected, atol=1e-3)
    plain = ours.layer(inputs) / values[0]
    error = 1e-4 if layer.compute_dtype == "float32" else 0.02
    np.testing.assert_allclose(
        tf.cast(ours(inputs), tf.float32),
        tf.cast(layer.activation(plain), tf.float32),
        rtol=10 * error,
        atol=error,
    )
    assert np.array_equal(ours.singular_vector, vector)  # used, not trained


def test_a_copy_of_a_normalized_network_is_one() -> None:
    """As InfoGAN makes it where its training restarts."""
    hidden = layers.Dense(4, activation="relu")
    network = spectrally_normalized(keras.Sequential([keras.Input((3,)), hidden, layers.Dense(1)]))
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    inputs = tf.constant(RANDOM.normal(size=(5, 3)), tf.float32)
    np.testing.assert_array_equal(copy(inputs), network(inputs))


def test_spectral_normalization_of_a_discriminator() -> None:
    model = build(discriminator_normalization="spectral")
    model.compile()
    model.fit(IMAGES, LABELS, batch_size=6, epochs=20, verbose=0)
    wrapped = [x for x in model.discriminator.layers if isinstance(x, SpectralNormalization)]
    assert len(wrapped) == 2
    for layer in wrapped:
        kernel = layer.layer.kernel.numpy()
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        assert float(layer.largest_singular_value(training=False)) == pytest.approx(
            largest, rel=0.05
        )
        assert largest != pytest.approx(1, rel=0.01)
