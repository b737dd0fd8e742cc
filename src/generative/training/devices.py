"""Several devices that share each batch, so that a step is the one that one device would take.

TensorFlow's `MirroredStrategy` gives each device its rows and adds the gradients up. What is not a
sum over rows has to be taken over the whole batch: its statistics and the norm of a gradient. And
each device has to draw numbers of its own.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from generative.training.checkpoint import optimizers

Tensor = Any
CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")
# Between the seeds of two devices.
DEVICE_STRIDE = 7919


def count() -> int:
    """Devices that share a batch."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def whole_batch(rows: Tensor) -> Tensor:
    """The rows of all devices; gradients pass through them."""
    if count() == 1:
        return rows
    return tf.distribute.get_replica_context().all_gather(rows, axis=0)


def whole_sum(values: Any) -> Any:
    """The sum of what all devices have: of a tensor, or of each in a list."""
    if count() == 1:
        return values
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, values)


def either(
    condition: Callable[[], Tensor],
    first: Callable[[Any], Any],
    second: Callable[[Any], Any],
    batch: Any,
) -> Any:
    """What one of two training steps returns. The devices take it together: in a branch of its own,
    none can add to the gradients of the others."""

    def choose(strategy: tf.distribute.Strategy, batch: Any) -> Any:
        return tf.cond(
            condition(),
            lambda: strategy.run(first, (batch,)),
            lambda: strategy.run(second, (batch,)),
        )

    return tf.distribute.get_replica_context().merge_call(choose, (batch,))


def repeated(batches: tf.data.Dataset) -> tf.data.Dataset:
    """`batches` that each device gets all of: shares could be empty, which have no mean."""
    devices = count()
    if devices == 1:
        return batches

    def repeat(*batch: Any) -> Any:
        return keras.tree.map_structure(lambda rows: tf.concat(devices * [rows], 0), batch)

    return batches.map(repeat)


def share(model: keras.Model, batch_size: int) -> None:
    """Prepare the compiled `model` for a batch of `batch_size`, of which each device has its part:
    statistics of a batch are of the whole of it, and so are gradients before they are clipped; the
    noise of two devices differs."""
    if hasattr(model, "carry"):
        model.carry(batch_size // count())
    for layer in model._flatten_layers() if count() > 1 else ():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
        for generator in layer._seed_generators:
            draw_apart(generator)
    for optimizer in optimizers(model):
        clip_whole(optimizer)


def draw_apart(generator: keras.random.SeedGenerator) -> None:
    """Let each device draw other numbers from `generator`, whose state is the same in all."""
    following = generator.next

    def of_device(ordered: bool = True) -> Tensor:
        seed, context = following(ordered), tf.distribute.get_replica_context()
        if context is None:
            return seed
        device = tf.cast(context.replica_id_in_sync_group, seed.dtype)
        # The state counts the draws in its second number.
        return seed + tf.stack([DEVICE_STRIDE * device, tf.zeros_like(device)])

    generator.next = of_device


def clip_whole(optimizer: keras.optimizers.Optimizer) -> None:
    """Let `optimizer` clip the gradient of the whole batch, if it clips.

    Keras clips each device's part before it adds them up; and of an embedding's gradient it takes
    the rows of one character for rows of several, so that the norm is another.
    """
    clipped = [name for name in CLIPPING if getattr(optimizer, name)]
    if not clipped:
        return
    apply, devices = optimizer.apply, count()
    for name in clipped:
        setattr(optimizer, name, getattr(optimizer, name) / devices)

    def apply_mean(gradients: list[Tensor], variables: Any = None) -> None:
        pairs = zip(gradients, variables or optimizer._trainable_variables, strict=True)
        found = [(tf.convert_to_tensor(g), variable) for g, variable in pairs if g is not None]
        summed = whole_sum([gradient for gradient, _ in found])
        apply([gradient / devices for gradient in summed], [variable for _, variable in found])

    optimizer.apply = apply_mean
