"""Batches of the training split for `fit`, whose order follows from a seed and the number of the
epoch alone: a training that was stopped goes on with the batches that it would have had."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

Tensor = Any


@dataclass(frozen=True)
class Batches:
    """Passes over the training examples, each in another order.

    one_pass: the batches of the pass of this number, a scalar int64 tensor from 0.
    steps: how many these are.
    """

    one_pass: Callable[[Tensor], tf.data.Dataset]
    steps: int

    def take(self, steps: int) -> "Batches":
        """The first `steps` batches of each pass; all of them if -1."""
        if steps == -1:
            return self
        return replace(
            self,
            one_pass=lambda number: self.one_pass(number).take(steps),
            steps=min(steps, self.steps),
        )

    def map(self, function: Callable[..., Any]) -> "Batches":
        """Of each batch what `function` makes of it."""
        return replace(self, one_pass=lambda number: self.one_pass(number).map(function))

    def unbatch(self, size: int) -> "Batches":
        """Batches of which `size` are stacked in one, each by itself."""
        return replace(
            self,
            one_pass=lambda number: self.one_pass(number).unbatch(),
            steps=size * self.steps,
        )

    def epoch(self, number: int | tf.Variable) -> tf.data.Dataset:
        """One pass. Of a variable it is the one whose number the variable has when an iteration
        begins."""
        passes = tf.data.Dataset.from_tensors(0).flat_map(
            lambda _: self.one_pass(tf.cast(number, tf.int64))
        )
        return passes.apply(tf.data.experimental.assert_cardinality(self.steps)).prefetch(2)

    def endless(self, first_step: int = 0) -> tf.data.Dataset:
        """Pass after pass, from the batch of this number on."""
        number, within = divmod(first_step, self.steps)
        numbers = tf.data.Dataset.counter(number)
        return numbers.flat_map(self.one_pass).skip(within).prefetch(2)


def shuffled(count: int, batch_size: int, seed: int, number: Tensor) -> Tensor:
    """The examples 0 to `count` - 1 in the order of the pass `number`, int64 [batches, batch_size];
    those that do not fill a batch are left out."""
    order = tf.random.experimental.stateless_shuffle(
        tf.range(count, dtype=tf.int64), seed=[seed, number]
    )
    return tf.reshape(order[: count // batch_size * batch_size], (-1, batch_size))


def gathered(
    count: int,
    batch_size: int,
    seed: int,
    take: Callable[[Tensor, Tensor], Any],
) -> Batches:
    """Batches of `take(index, batch_seed)`: of the examples `index`, int64 [batch_size].

    batch_seed: a random int64, another for each batch, for what is random in it.
    """
    steps = count // batch_size

    def one_pass(number: Tensor) -> tf.data.Dataset:
        index = shuffled(count, batch_size, seed, number)
        batch_seeds = tf.random.stateless_uniform(
            [steps], [seed, number], minval=None, maxval=None, dtype=tf.int64
        )
        return tf.data.Dataset.from_tensor_slices((index, batch_seeds)).map(take)

    return Batches(one_pass, steps)
