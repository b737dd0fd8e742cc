"""One `fit` for all models: everything about training that a model does not need to know."""

import math
import re
from pathlib import Path
from typing import Protocol

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from generative.core.errors import BadInput
from generative.core.history import History
from generative.core.runtime import Device
from generative.training import devices
from generative.training.callbacks import (
    ActivationLog,
    Arrays,
    BestWeights,
    EpochNumber,
    EpochWarnings,
    LastFiniteWeights,
    NotFinite,
    OnEpoch,
    ProgressBar,
    Snapshots,
    StepLog,
    progress_bar,
    select,
)
from generative.training.checkpoint import Checkpoint
from generative.training.optional_callbacks import build
from generative.training.schema import Train

VALIDATION_BATCH = 1000


class Batches(Protocol):
    """The training examples in batches, in an order that follows from the number of the pass."""

    @property
    def steps(self) -> int:
        """Batches of a pass."""

    def epoch(self, number: tf.Variable) -> tf.data.Dataset:
        """The pass whose number the variable has when an iteration begins."""

    def endless(self, first_step: int) -> tf.data.Dataset:
        """Pass after pass, from the batch of this number on."""


class Diverged(BadInput):
    """The loss became NaN or infinite. The model holds the weights of the epoch before."""


def fit(
    name: str,
    model: keras.Model,
    train: Train,
    device: Device,
    batches: Batches,
    validation: tuple[Arrays, Arrays],
    on_epoch: OnEpoch,
    workspace: Path,
) -> History:
    """Compile `model` and train it as `train` says; `name` is its section in params.yaml.

    The model is left with the weights that `keep` asks for. `on_epoch` is called with each epoch's
    number, metrics and snapshot, which is None for one that an earlier process did. `workspace`
    gets a checkpoint after every epoch, from which an equal training goes on; TensorBoard's files
    lie in a folder of its name. Validation batches have 1,000 examples, or the model's
    `validation_batch`. Raises `Diverged` if a term of the loss is not finite, `BadInput` if
    a batch is larger than the data, cannot be shared by the devices or does not fit into their
    memory, or if the data are not what the model takes.
    """
    if not batches.steps:
        raise BadInput(
            f"{name}.batch_size: received {train.batch_size}, more than there are training "
            f"examples; lower it or raise prepare.{train.dataset}.train_count"
        )
    count = device.strategy.num_replicas_in_sync
    if train.batch_size % count:
        raise BadInput(
            f"{name}.batch_size: received {train.batch_size}, which {count} devices cannot share "
            "evenly; make it a multiple, or hide devices: CUDA_VISIBLE_DEVICES=0"
        )
    inputs, _ = validation
    if isinstance(inputs, np.ndarray) and inputs.ndim == 4:
        check_images(name, model, train, inputs)
    steps = train.steps_per_epoch or batches.steps
    snapshots = Snapshots(
        select(inputs, slice(train.snapshot_count)), train.snapshot_count, on_epoch
    )
    chosen = build(train.callbacks, f"{name}.callbacks", workspace, validation)
    last_finite, best = LastFiniteWeights(), BestWeights()
    warnings = EpochWarnings(progress_bar())
    held_out = tf.data.Dataset.from_tensor_slices(validation)
    held_out = held_out.batch(getattr(model, "validation_batch", VALIDATION_BATCH))
    workspace.mkdir(parents=True, exist_ok=True)
    try:
        with device.strategy.scope(), warnings.progress as progress:
            callbacks = [
                last_finite,
                snapshots,
                *([best] if train.keep == "best" else []),
                *chosen,
                ProgressBar(progress, steps),
                warnings,
                *getattr(model, "epoch_callbacks", list)(),
            ]
            model.compile(steps * train.epochs)
            devices.share(model, train.batch_size)
            checkpoint = Checkpoint(workspace / "checkpoint.npz", callbacks)
            checkpoint.restore(model)
            finished = len(checkpoint.rows)
            if not finished:
                snapshots.before_training(model)
            for number, row in enumerate(checkpoint.rows, start=1):
                on_epoch(number, row, None)
            if finished:
                progress.console.print(f"goes on after epoch {finished} of {train.epochs}")
            per_call = min(train.steps_per_call, steps)
            if count > 1 and per_call > 1:
                progress.console.print(
                    f"{count} devices take one step a call, not {per_call}: over batches that "
                    "devices share Keras cannot loop"
                )
                per_call = 1
            # Data without an end is not cut: the last call of an epoch would go beyond it.
            model.steps_per_execution = (
                math.gcd(per_call, steps) if train.steps_per_epoch else per_call
            )
            model.jit_compile = device.xla
            epoch = EpochNumber()
            model.fit(
                without_autotuning(
                    batches.endless(finished * steps)
                    if train.steps_per_epoch
                    else batches.epoch(epoch.number)
                ),
                epochs=finished if checkpoint.stopped else train.epochs,
                initial_epoch=finished,
                steps_per_epoch=train.steps_per_epoch,
                validation_data=without_autotuning(devices.repeated(held_out)),
                shuffle=False,
                verbose=0,
                callbacks=[epoch, *callbacks, checkpoint],
            )
            if train.keep == "best":
                model.set_weights(best.weights)
    except tf.errors.ResourceExhaustedError as error:
        refused = refused_memory(error)
        if not refused:
            raise
        raise BadInput(
            f"{name}: {device.name} has no memory left for {name}.batch_size: {train.batch_size}: "
            f"{refused}; lower it, or the sizes in {name}.model"
        ) from None
    except (tf.errors.InvalidArgumentError, NotFinite) as error:
        term = not_finite(error)
        if not term:
            raise
        model.set_weights(last_finite.weights)
        rates = [f"{name}.model.{n}" for n in train.model if n.endswith("learning_rate")]
        raise Diverged(
            f"{name}: the term {term} of the loss became NaN or infinite in epoch "
            f"{last_finite.epoch + 1}; lower {' or '.join(rates)}"
        ) from None
    table = pd.DataFrame(checkpoint.rows)
    table.insert(0, "epoch", np.arange(1, len(table) + 1))
    activations = [c.epochs for c in chosen if isinstance(c, ActivationLog)]
    steps_log = [c.rows for c in chosen if isinstance(c, StepLog)]
    return History(
        table,
        np.array(snapshots.frames),
        next(iter(activations), []),
        warnings.lines,
        pd.DataFrame(next(iter(steps_log), [])),
    )


def check_images(name: str, model: keras.Model, train: Train, images: np.ndarray) -> None:
    """Raise `BadInput` if `images` are not what the model takes: its own size, in [0, 1]."""
    shape = getattr(model, "image_shape", images.shape[1:])
    if images.shape[1:] != shape:
        received, expected = (" x ".join(map(str, size)) for size in (images.shape[1:], shape))
        raise BadInput(
            f"{name}: data/prepared/{train.dataset} holds images of {received}, this network "
            f"takes {expected}; change prepare.{train.dataset} or {name}.model"
        )
    if images.min() < 0 or images.max() > 1:
        raise BadInput(
            f"{name}: data/prepared/{train.dataset} holds values from {images.min():g} to "
            f"{images.max():g}; models take images in [0, 1]"
        )


def without_autotuning(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """`dataset` without tf.data's autotuning.

    Its thread sleeps for 10 ms, 20 ms, 40 ms, ... and an iterator that ends waits for it to wake:
    epochs of 3 s took 5.1 s. These inputs are gathered from memory and need no tuning.
    """
    choice = tf.data.Options()
    choice.autotune.enabled = False
    return dataset.with_options(choice)


def refused_memory(error: Exception) -> str:
    """What TensorFlow asked for in vain, and on a GPU what it had by then; empty where it was not
    memory that is exhausted."""
    found = re.search(r"tensor with shape\[([\d,]*)\] and type (\w+)", str(error))
    if not found:
        return ""
    sizes = [int(size) for size in found.group(1).split(",") if size]
    megabytes = math.prod(sizes) * tf.as_dtype(found.group(2)).size / 1024**2
    had = [
        tf.config.experimental.get_memory_info(gpu.name.partition("device:")[2])["peak"]
        for gpu in tf.config.list_logical_devices("GPU")
    ]
    beside = f" beside {max(had) / 1024**2:,.0f} MB" if had else ""
    return f"a tensor of {megabytes:,.1f} MB was refused{beside}"


def not_finite(error: Exception) -> str:
    """The term that `losses.total` or `LastFiniteWeights` stopped at; empty if neither did."""
    if isinstance(error, NotFinite):
        return str(error)
    found = re.search(r"(\w+) : Tensor had (NaN|-?Inf)", str(error))
    return found.group(1) if found else ""
