"""Sampling the next character from logits: temperature, top-k and top-p, in float32."""

import math
from typing import Annotated, Any

import tensorflow as tf
from pydantic import Field

from generative.core.errors import BadInput

Tensor = Any
Temperature = Annotated[float, Field(ge=0, le=10)]


def top_k_top_p_filter(logits: Tensor, top_k: int, top_p: float) -> Tensor:
    """`logits` [batch, characters] with -infinity for all but the most probable characters.

    top_k: only that many (Fan et al., 2018, arXiv:1805.04833); 0 for all.
    top_p: only the fewest whose probabilities sum to at least this (nucleus sampling: Holtzman et
        al., 2020, arXiv:1904.09751); 1 for all. Of those that `top_k` leaves, where both are given.

    Ties at the threshold stay in.
    """
    if top_k:
        threshold = tf.math.top_k(logits, min(top_k, logits.shape[-1])).values[:, -1:]
        logits = tf.where(logits < threshold, float("-inf"), logits)
    if top_p < 1:
        ordered = tf.sort(logits, direction="DESCENDING")
        before = tf.cumsum(tf.nn.softmax(ordered), axis=-1, exclusive=True)
        # The most probable one stays in, however small `top_p` is.
        nucleus = tf.where(before < top_p, ordered, float("inf"))
        threshold = tf.reduce_min(nucleus, -1, keepdims=True)
        logits = tf.where(logits < threshold, float("-inf"), logits)
    return logits


def sample(logits: Tensor, temperatures: Tensor, seed: Tensor) -> Tensor:
    """Ids, from 1, int32 [batch], sampled from softmax(logits / temperature) of each row.

    temperatures: float32 [batch], at least 0; 0 takes the most probable. seed: int32 [2]; the same
    seed gives the same ids in any process.
    """
    # Rows with a temperature of 0 are replaced below; dividing by it would give NaN.
    scaled = logits / tf.where(temperatures > 0, temperatures, 1.0)[:, tf.newaxis]
    random = tf.random.stateless_categorical(scaled, 1, seed, dtype=tf.int32)[:, 0]
    greedy = tf.argmax(logits, axis=-1, output_type=tf.int32)
    return tf.where(temperatures > 0, random, greedy) + 1


def check_controls(temperature: float, top_k: int, top_p: float) -> None:
    """Raise `BadInput` for an argument of sampling that is out of range."""
    if not (temperature >= 0 and math.isfinite(temperature)):
        raise BadInput(f"temperature: received {temperature}, must be 0 (greedy) or more")
    if top_k < 0:
        raise BadInput(f"top_k: received {top_k}, must be 1 or more, or 0 for all characters")
    if not 0 < top_p <= 1:
        raise BadInput(f"top_p: received {top_p}, must be above 0 and at most 1")
