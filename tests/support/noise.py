"""Random numbers from a table, to compare two computations that draw others from one seed."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

TABLE = np.random.default_rng(0).random(2**20, np.float32)


def draw_from_table(monkeypatch: pytest.MonkeyPatch, batch_size: int) -> None:
    """Let the draws of every graph take one part of a table after the other. Several devices share
    what one would take, row by row; what does not depend on the rows is the same for all."""
    table = tf.constant(TABLE)
    draws: Counter[tuple[tf.Graph, int]] = Counter()
    seeded_uniform, seeded_normal, seeded_dropout = (
        tf.random.stateless_uniform,
        tf.random.stateless_normal,
        tf.nn.experimental.stateless_dropout,
    )

    def shares(shape: Any) -> Any:
        """The next numbers of this shape; each device has its own for the rows of its batch."""
        context = tf.distribute.get_replica_context()
        devices = context.num_replicas_in_sync if context else 1
        replica = int(tf.get_static_value(context.replica_id_in_sync_group)) if context else 0
        place = tf.compat.v1.get_default_graph(), replica
        draws[place] += 1
        begin = 7919 * draws[place] % (len(TABLE) // 2)
        # A shape that is known only when it runs begins with the batch.
        sizes = [shape[0], shape[1:]] if tf.is_tensor(shape) else shape
        rows = batch_size // devices
        batch = [n for n, size in enumerate(sizes) if tf.is_tensor(size) or size == rows][:1]
        whole = tf.concat([tf.reshape(size, [-1]) for size in sizes], 0)
        for axis in batch:
            whole = tf.tensor_scatter_nd_update(whole, [[axis]], [devices * whole[axis]])
        values = tf.reshape(table[begin : begin + tf.reduce_prod(whole)], whole)
        for axis in batch:
            values = tf.split(values, devices, axis)[replica]
        return tf.reshape(values, shape)

    def uniform(
        shape: Any,
        seed: Any,
        minval: Any = 0,
        maxval: Any = None,
        dtype: Any = tf.float32,
        **others: Any,
    ) -> Any:
        if tf.executing_eagerly() or minval is None:
            return seeded_uniform(shape, seed, minval, maxval, dtype, **others)
        values = shares(shape)
        low, high = (tf.cast(end, tf.float32) for end in (minval, 1 if maxval is None else maxval))
        values = low + (high - low) * values
        return tf.cast(tf.floor(values) if tf.as_dtype(dtype).is_integer else values, dtype)

    def normal(
        shape: Any,
        seed: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = tf.float32,
        **others: Any,
    ) -> Any:
        if tf.executing_eagerly():
            return seeded_normal(shape, seed, mean, stddev, dtype, **others)
        values = tf.math.ndtri(tf.clip_by_value(uniform(shape, seed), 1e-3, 1 - 1e-3))
        return tf.cast(mean + stddev * values, dtype)

    def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, **others: Any) -> Any:
        if tf.executing_eagerly():
            return seeded_dropout(x, rate, noise_shape=noise_shape, seed=seed, **others)
        shape = tf.shape(x) if noise_shape is None else noise_shape
        return tf.where(uniform(shape, seed) >= rate, x / (1 - rate), tf.zeros_like(x))

    monkeypatch.setattr(tf.random, "stateless_uniform", uniform)
    monkeypatch.setattr(tf.random, "stateless_normal", normal)
    monkeypatch.setattr(tf.nn.experimental, "stateless_dropout", dropout)
