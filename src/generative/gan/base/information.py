"""The information that images hold of the codes that they were made from: losses in nats, and the
share of a variance that is recovered."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

Tensor = Any

# Of standardised logits times this, one high for a tenth of all images gives them 0.9996.
SHARPNESS = 3.0


def category_cross_entropy(logits: Tensor, category: Tensor) -> Tensor:
    """-E log Q(c | x); ln(categories) less this is a lower bound of the information I(c; x).

    logits: [batch, categories]; category: one-hot, the same shape.
    """
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(category, logits))


def gaussian_code_loss(mean: Tensor, log_variance: Tensor, codes: Tensor) -> Tensor:
    """-E log N(c; mean, exp(log_variance)), summed over the codes: [batch, codes] each.

    The entropy of the codes, ln 2 for one from U(-1, 1), less this is a lower bound of I(c; x).
    """
    squares = tf.square(codes - mean) * tf.exp(-log_variance)
    each = (math.log(2 * math.pi) + log_variance + squares) / 2
    return tf.reduce_mean(tf.reduce_sum(each, axis=1))


def atienza2018_code_loss(logits: Tensor, codes: Tensor) -> Tensor:
    """-E c log sigmoid(q), summed over the codes (Atienza, 2018, chapter 6), and no likelihood: it
    is least where sigmoid(q) is 1 for all c above 0 and 0 for the others, so an image need only
    show the sign of its code. The sigmoid is at least 1e-7, as Keras clips it.
    """
    log_sigmoid = tf.math.log(tf.maximum(tf.sigmoid(logits), 1e-7))
    return -tf.reduce_mean(tf.reduce_sum(codes * log_sigmoid, axis=1))


def category_mutual_information(logits: Tensor, warped: Tensor) -> Tensor:
    """I(c; c') of the categories of an image and of the same image warped, at most ln(categories):
    high where both agree and all categories are used (Ji et al., 2019, arXiv:1807.06653,
    equation 3). Logits [batch, categories] both.

    Each category's logits are standardised over the batch: so all categories are in use from the
    start, while plain logits start from a point with no information and no gradient.
    """

    def probabilities(logits: Tensor) -> Tensor:
        mean, variance = tf.nn.moments(logits, axes=[0])
        return tf.nn.softmax(SHARPNESS * (logits - mean) * tf.math.rsqrt(variance + 1e-3))

    joint = tf.matmul(probabilities(logits), probabilities(warped), transpose_a=True)
    joint = (joint + tf.transpose(joint)) / 2
    joint = tf.maximum(joint / tf.reduce_sum(joint), 1e-12)
    marginal = tf.reduce_sum(joint, axis=1, keepdims=True)
    independent = marginal * tf.transpose(marginal)
    return tf.reduce_sum(joint * (tf.math.log(joint) - tf.math.log(independent)))


def r_squared(true: np.ndarray, predicted: np.ndarray) -> float:
    """1 - squared error / variance, over all columns together: [count, size] both."""
    error = np.square(true - predicted).sum()
    return float(1 - error / np.square(true - true.mean(axis=0)).sum())
