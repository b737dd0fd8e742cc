"""Losses of classifiers, in nats, float32."""

from typing import Any

import tensorflow as tf

Tensor = Any


def cross_entropy(labels: Tensor, logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """-sum_c q(c) log softmax(logits)_c, one value an example.

    q puts 1 - smoothing on the label and spreads the rest evenly over all classes (Szegedy et al.,
    2016, arXiv:1512.00567, section 7). labels: integers [batch]; logits: float32 [batch, classes].
    """
    log_probabilities = tf.nn.log_softmax(logits)
    of_label = tf.gather(log_probabilities, tf.cast(labels, tf.int32), batch_dims=1)
    of_all = tf.reduce_mean(log_probabilities, axis=-1)
    return -((1 - smoothing) * of_label + smoothing * of_all)
