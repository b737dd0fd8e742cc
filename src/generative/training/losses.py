"""Loss formulas: free functions of tensors, in float32, one file a family.

A model's loss is a dict of named terms; their sum is what is minimised and the names are the
metrics, in training and in evaluation alike.
"""

from typing import Any

import tensorflow as tf

Tensor = Any


def total(terms: dict[str, Tensor]) -> Tensor:
    """The sum of the terms. A term that is not finite stops the program and is named."""
    return tf.add_n([tf.debugging.check_numerics(term, name) for name, term in terms.items()])


def objective(
    terms: dict[str, Tensor], beside: dict[str, Tensor], trackers: dict[str, Any], count: Tensor
) -> Tensor:
    """What `compute_loss` returns: the sum of the `terms`, all tracked as means over examples.

    `beside` is tracked too, but not minimised; `count` is the number of examples in the batch.
    """
    for name, value in {**terms, **beside}.items():
        trackers[name].update_state(value, sample_weight=count)
    # Gradients of several GPUs are added up, so each gives its share of the mean.
    return total(terms) / tf.distribute.get_strategy().num_replicas_in_sync
