"""Formulas of latent-variable models: log densities, KL divergence, bounds; in nats, float32."""

import math
from typing import Any

import tensorflow as tf

Tensor = Any


def bernoulli_log_likelihood(images: Tensor, logits: Tensor) -> Tensor:
    """log p(x|z) in nats of pixels in [0, 1] under Bernoulli logits, summed over all but axis 0.

    images, logits: float32 [batch, height, width, channels], or broadcastable. Grey pixels make
    it the negative cross entropy.
    """
    pixels = tf.cast(images, tf.float32) * logits - tf.nn.softplus(logits)
    return tf.reduce_sum(pixels, axis=[-3, -2, -1])


def unit_gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, 1)) in nats, one value a dimension (Kingma &
    Welling, 2014, appendix B)."""
    return 0.5 * (tf.square(mean) + tf.exp(log_variance) - 1.0 - log_variance)


def gaussian_log_density(value: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """log N(value; mean, exp(log_variance)) in nats, summed over the last axis."""
    squares = tf.square(value - mean) * tf.exp(-log_variance)
    return -0.5 * tf.reduce_sum(squares + log_variance + math.log(2 * math.pi), axis=-1)


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """log 1/K sum_k w_k over the first axis, in nats (Burda et al., 2016, equation 8).

    log_weights: [K, batch], log p(x, z_k) - log q(z_k|x).
    """
    count = tf.cast(tf.shape(log_weights)[0], log_weights.dtype)
    return tf.reduce_logsumexp(log_weights, axis=0) - tf.math.log(count)
