"""Formulas of text models: what a prediction costs, and which distribution is sampled from; in
float32."""

from typing import Any

import tensorflow as tf

Tensor = Any


def cross_entropy(targets: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """-log p(target) in nats for each place, and 1 where there is something to predict.

    targets: ids [batch, length], from 1; 0 says that nothing is predicted there, which costs 0.
    logits: float32 [batch, length, characters], the first of them for the id 1.
    """
    predicted = tf.cast(targets > 0, tf.float32)
    nats = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.maximum(tf.cast(targets, tf.int32) - 1, 0), logits=logits
    )
    return nats * predicted, predicted


def restricted(logits: Tensor, top_k: int, top_p: float) -> Tensor:
    """`logits` [batch, characters] with -infinity for all but the most probable characters.

    top_k: only that many (Fan et al., 2018, arXiv:1805.04833); 0 for all.
    top_p: only the fewest whose probabilities sum to at least this (nucleus sampling: Holtzman et
        al., 2020, arXiv:1904.09751); 1 for all. Of those that `top_k` leaves, where both are given.

    Ties at the border stay in.
    """
    if top_k:
        border = tf.math.top_k(logits, min(top_k, logits.shape[-1])).values[:, -1:]
        logits = tf.where(logits < border, float("-inf"), logits)
    if top_p < 1:
        ordered = tf.sort(logits, direction="DESCENDING")
        before = tf.cumsum(tf.nn.softmax(ordered), axis=-1, exclusive=True)
        # The most probable one stays in, however small `top_p` is.
        kept = tf.where(before < top_p, ordered, float("inf"))
        logits = tf.where(logits < tf.reduce_min(kept, -1, keepdims=True), float("-inf"), logits)
    return logits


def drawn(logits: Tensor, temperatures: Tensor, seed: Tensor) -> Tensor:
    """Ids, from 1, int32 [batch], drawn from softmax(logits / temperature) of each row.

    temperatures: float32 [batch], at least 0; 0 takes the most probable. seed: int32 [2]; the same
    seed draws the same in any process.
    """
    # A temperature of 0 is put right below; dividing by it would give NaN.
    heated = logits / tf.where(temperatures > 0, temperatures, 1.0)[:, tf.newaxis]
    random = tf.random.stateless_categorical(heated, 1, seed, dtype=tf.int32)[:, 0]
    likeliest = tf.argmax(logits, axis=-1, output_type=tf.int32)
    return tf.where(temperatures > 0, random, likeliest) + 1
