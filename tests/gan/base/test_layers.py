"""Layers that several GANs share."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generative.gan.base.layers import BatchNormalization, ResizeConv2D, builtin_layer
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


def test_spectral_normalization_bounds_every_kernel() -> None:
    model = build(discriminator_normalization="spectral")
    model.compile()
    model.fit(IMAGES, LABELS, batch_size=6, epochs=20, verbose=0)
    model.forward_pass(tf.constant(IMAGES), tf.constant(LABELS), training=True)
    wrapped = [x for x in model.discriminator.layers if isinstance(x, layers.SpectralNormalization)]
    assert len(wrapped) == 2
    for layer in wrapped:
        kernel = layer.layer.kernel.numpy()
        largest = np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]
        assert largest == pytest.approx(1, rel=0.05)
