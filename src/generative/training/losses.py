"""Loss formulas: free functions of tensors, in float32, one file a family.

A model's loss is a dict of named terms, each with its weight. Their weighted sum is what is
minimised. The names are the metrics, in training and in evaluation alike, and their values come
without the weights: so runs with different weights compare.
"""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from generative.training import devices

Tensor = Any


@dataclass(frozen=True)
class Term:
    """A term of a loss: its value, as it is reported, and its weight in what is minimised; None is
    a weight of 1."""

    value: Tensor
    weight: Tensor | float | None = None

    @property
    def weighted(self) -> Tensor:
        # A factor of 1 changes the order in which TensorFlow sums gradients, and so their bits.
        return self.value if self.weight is None else self.weight * self.value


def total(terms: dict[str, Term]) -> Tensor:
    """The sum of the terms, each times its weight. One that is not finite stops the program and is
    named."""
    return tf.add_n(
        [tf.debugging.check_numerics(term.weighted, name) for name, term in terms.items()]
    )


def unweighted(terms: dict[str, Term]) -> dict[str, Tensor]:
    """The values of the terms by name, without their weights."""
    return {name: term.value for name, term in terms.items()}


def objective(
    terms: dict[str, Term], beside: dict[str, Tensor], trackers: dict[str, Any], count: Tensor
) -> Tensor:
    """What `compute_loss` returns: the weighted sum of the `terms`. Their values without the
    weights are tracked as means over examples.

    `beside` is tracked too, but not minimised; `count` is the number of examples in the batch.
    """
    for name, value in {**unweighted(terms), **beside}.items():
        trackers[name].update_state(value, sample_weight=count)
    # Gradients of several GPUs are added up, so each gives its share of the mean.
    return total(terms) / devices.count()
