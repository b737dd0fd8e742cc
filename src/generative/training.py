"""Training any model of the family: everything a model does not need to know about it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from generative.errors import BadInput
from generative.params import Train
from generative.runtime import Device

OnEpoch = Callable[[int, dict[str, float], np.ndarray], None]


class Diverged(BadInput):
    """The loss stopped being a number. The model holds the weights of the last good epoch."""


@dataclass(frozen=True)
class Course:
    """What happened: one row an epoch with every term, and a picture of each epoch.

    history: columns `epoch` (from 1), `loss`, the terms, and the same with `val_` before them.
    snapshots: float32 [epochs, count, height, width, channels] in [0, 1].
    """

    history: pd.DataFrame
    snapshots: np.ndarray


def fit(
    name: str,
    model: keras.Model,
    train: Train,
    device: Device,
    batches: tf.data.Dataset,
    validation: tuple[np.ndarray, np.ndarray],
    on_epoch: OnEpoch,
) -> Course:
    """Compile `model` and train it as its block `train` says; `name` is what messages call that.

    The model is left with the weights that `keep` asks for. `on_epoch` is told each epoch's number,
    metrics and snapshot. Raises `Diverged` if a term of the loss is not finite, `BadInput` if a
    batch is larger than the data.
    """
    steps = int(batches.cardinality())
    if not steps:
        raise BadInput(
            f"{name}.batch_size: received {train.batch_size}, more than there are training "
            f"examples; lower it or raise prepare.{train.dataset}.train_count"
        )
    snapshots = Snapshots(validation[0][: train.snapshot_count], on_epoch)
    last_good = LastGood()
    try:
        with device.strategy.scope(), progress() as bar:
            model.compile(steps * train.epochs)
            # Keras 3.15 cannot loop inside one call over batches that several devices share.
            shared = device.strategy.num_replicas_in_sync > 1
            model.steps_per_execution = 1 if shared else min(train.steps_per_call, steps)
            model.jit_compile = device.xla
            history = model.fit(
                untuned(batches),
                epochs=train.epochs,
                validation_data=untuned(tf.data.Dataset.from_tensor_slices(validation).batch(1000)),
                shuffle=False,
                verbose=0,
                callbacks=[last_good, snapshots, *options(train), Steps(bar, steps)],
            ).history
    except (tf.errors.InvalidArgumentError, NotFinite) as error:
        term = not_finite(error)
        if not term:
            raise
        model.set_weights(last_good.weights)
        raise Diverged(
            f"{name}: the term {term} of the loss became NaN or infinite in epoch "
            f"{last_good.epoch + 1}; lower {name}.model.learning_rate"
        ) from None
    table = pd.DataFrame({"epoch": np.arange(1, len(history["loss"]) + 1), **history})
    return Course(table, np.stack(snapshots.frames))


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """`dataset` without tf.data's autotuning.

    Its thread sleeps for 10 ms, 20 ms, 40 ms, ... and an iterator that ends waits for it to wake:
    epochs of 3 s took 5.1 s. These inputs are gathered from memory and need no tuning.
    """
    choice = tf.data.Options()
    choice.autotune.enabled = False
    return dataset.with_options(choice)


def options(train: Train) -> list[keras.callbacks.Callback]:
    """The callbacks that the block asks for."""
    chosen: list[keras.callbacks.Callback] = []
    if train.keep == "best":
        patience = train.early_stopping.patience if train.early_stopping else train.epochs
        chosen.append(
            keras.callbacks.EarlyStopping(
                "val_loss", mode="min", patience=patience, restore_best_weights=True
            )
        )
    if train.reduce_on_plateau:
        chosen.append(
            keras.callbacks.ReduceLROnPlateau(
                "val_loss",
                mode="min",
                patience=train.reduce_on_plateau.patience,
                factor=train.reduce_on_plateau.factor,
            )
        )
    return chosen


class NotFinite(Exception):
    """A metric of an epoch that is no number; the argument is its name."""


def not_finite(error: Exception) -> str:
    """The name of the term that `losses.total` or `LastGood` stopped at; empty if neither did."""
    if isinstance(error, NotFinite):
        return str(error)
    found = re.search(r"(\w+) : Tensor had (NaN|-?Inf)", str(error))
    return found.group(1) if found else ""


class LastGood(keras.callbacks.Callback):
    """Keeps the weights of the last epoch whose every metric was a number."""

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.epoch, self.weights = 0, self.model.get_weights()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        # XLA drops the checks inside the graph, so this is the one that a GPU meets.
        bad = [name for name, value in (logs or {}).items() if not math.isfinite(value)]
        if bad:
            raise NotFinite(next((name for name in bad if name != "loss"), "loss"))
        self.epoch, self.weights = epoch + 1, self.model.get_weights()


class Snapshots(keras.callbacks.Callback):
    """Asks the model for the same pictures after every epoch: the frames of a film."""

    def __init__(self, examples: np.ndarray, on_epoch: OnEpoch) -> None:
        super().__init__()
        self.examples = examples
        self.on_epoch = on_epoch
        self.frames: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.frames.append(self.model.snapshot(self.examples))
        self.on_epoch(epoch + 1, dict(logs or {}), self.frames[-1])


def progress() -> Progress:
    """A bar over all steps, with the time left."""
    return Progress(
        TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )


class Steps(keras.callbacks.Callback):
    """Moves the bar, and prints a line an epoch that also a log file shows."""

    def __init__(self, bar: Progress, steps: int) -> None:
        super().__init__()
        self.bar, self.steps = bar, steps

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.epochs = self.params["epochs"]
        self.task = self.bar.add_task("training", total=self.steps * self.epochs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.done = epoch * self.steps

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.bar.update(self.task, completed=self.done + batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        values = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        left = self.bar.tasks[0].time_remaining
        remaining = f"  {left:.0f} s left" if left else ""
        line = f"epoch {epoch + 1}/{self.epochs}  {values}{remaining}"
        self.bar.console.print(line, soft_wrap=True)
