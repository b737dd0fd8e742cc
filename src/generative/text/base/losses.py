"""The loss of text models, in float32."""

from typing import Any

import tensorflow as tf

Tensor = Any


def cross_entropy(targets: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """-log p(target) in nats at each position, and a mask of the positions that have a target.

    targets: ids [batch, length], from 1; 0 where there is no target, which costs 0.
    logits: float32 [batch, length, characters], the first of them for the id 1.
    Returns two float32 [batch, length]; the mask is 1 or 0.
    """
    mask = tf.cast(targets > 0, tf.float32)
    nats = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.maximum(tf.cast(targets, tf.int32) - 1, 0), logits=logits
    )
    return nats * mask, mask
