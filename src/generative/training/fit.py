"""Training any model of the family: everything a model does not need to know about it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from generative.training.schema import Train
from generative.core.errors import BadInput
from generative.core.runtime import Device

# One array, or several by name.
Arrays = np.ndarray | dict[str, np.ndarray]
OnEpoch = Callable[[int, dict[str, float], np.ndarray], None]
VALIDATION_BATCH = 1000


class Diverged(BadInput):
    """The loss stopped being a number. The model holds the weights of the last good epoch."""


@dataclass(frozen=True)
class Course:
    """What happened: one row an epoch with every term, and a picture of each epoch.

    history: columns `epoch` (from 1), `loss`, the terms, and the same with `val_` before them.
    snapshots: what the model shows after each epoch: float32 images [epochs, count, height, width,
        channels] in [0, 1], or texts [epochs, count]; nothing where the count is 0.
    activations: for each epoch, where they are logged, every layer's output for one example.
    concerns: lines that say what looked wrong, and in which epoch.
    """

    history: pd.DataFrame
    snapshots: np.ndarray
    activations: list[dict[str, np.ndarray]]
    concerns: list[str]


def fit(
    name: str,
    model: keras.Model,
    train: Train,
    device: Device,
    batches: tf.data.Dataset,
    validation: tuple[Arrays, Arrays],
    on_epoch: OnEpoch,
    scratch: Path,
) -> Course:
    """Compile `model` and train it as its block `train` says; `name` is what messages call that.

    The model is left with the weights that `keep` asks for. `on_epoch` is told each epoch's number,
    metrics and snapshot. `scratch` gets what is no result: the best weights so far, TensorBoard's
    files. Validation goes by thousands, or by as many as the model's `validation_batch` says.
    Raises `Diverged` if a term of the loss is not finite, `BadInput` if a batch is larger than the
    data or if these are not what the model takes.
    """
    steps = int(batches.cardinality())
    if not steps:
        raise BadInput(
            f"{name}.batch_size: received {train.batch_size}, more than there are training "
            f"examples; lower it or raise prepare.{train.dataset}.train_count"
        )
    inputs, _ = validation
    if isinstance(inputs, np.ndarray) and inputs.ndim == 4:
        check_images(name, model, train, inputs)
    if train.steps_per_epoch:
        steps, batches = train.steps_per_epoch, batches.repeat()
    snapshots = Snapshots(some(inputs, slice(train.snapshot_count)), train.snapshot_count, on_epoch)
    activations = Activations(example_of(name, train, inputs))
    last_good = LastGood()
    concerns = Concerns(progress())
    held_out = tf.data.Dataset.from_tensor_slices(validation)
    held_out = held_out.batch(getattr(model, "validation_batch", VALIDATION_BATCH))
    scratch.mkdir(parents=True, exist_ok=True)
    best = scratch / "best.weights.h5"
    best.unlink(missing_ok=True)
    try:
        with device.strategy.scope(), concerns.bar as bar:
            model.compile(steps * train.epochs)
            # Keras 3.15 cannot loop inside one call over batches that several devices share.
            shared = device.strategy.num_replicas_in_sync > 1
            at_once = 1 if shared else min(train.steps_per_call, steps)
            # Data without an end is not cut: the last call of an epoch would go beyond it.
            model.steps_per_execution = (
                math.gcd(at_once, steps) if train.steps_per_epoch else at_once
            )
            model.jit_compile = device.xla
            history = model.fit(
                untuned(batches),
                epochs=train.epochs,
                steps_per_epoch=train.steps_per_epoch,
                validation_data=untuned(held_out),
                shuffle=False,
                verbose=0,
                callbacks=[
                    last_good,
                    snapshots,
                    *([activations] if train.callbacks.activation_log else []),
                    *options(train, scratch, best),
                    Steps(bar, steps),
                    concerns,
                ],
            ).history
            if train.keep == "best":
                model.load_weights(best)
    except (tf.errors.InvalidArgumentError, NotFinite) as error:
        term = not_finite(error)
        if not term:
            raise
        model.set_weights(last_good.weights)
        rates = [f"{name}.model.{n}" for n in train.model if n.endswith("learning_rate")]
        raise Diverged(
            f"{name}: the term {term} of the loss became NaN or infinite in epoch "
            f"{last_good.epoch + 1}; lower {' or '.join(rates)}"
        ) from None
    table = pd.DataFrame({"epoch": np.arange(1, len(snapshots.frames) + 1), **history})
    return Course(table, np.array(snapshots.frames), activations.epochs, concerns.lines)


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


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """`dataset` without tf.data's autotuning.

    Its thread sleeps for 10 ms, 20 ms, 40 ms, ... and an iterator that ends waits for it to wake:
    epochs of 3 s took 5.1 s. These inputs are gathered from memory and need no tuning.
    """
    choice = tf.data.Options()
    choice.autotune.enabled = False
    return dataset.with_options(choice)


def options(train: Train, scratch: Path, best: Path) -> list[keras.callbacks.Callback]:
    """The callbacks that the block asks for."""
    lowest = {"monitor": "val_loss", "mode": "min"}
    chosen: list[keras.callbacks.Callback] = []
    if train.keep == "best":
        chosen.append(
            keras.callbacks.ModelCheckpoint(
                best, **lowest, save_best_only=True, save_weights_only=True
            )
        )
    wanted = train.callbacks
    if wanted.early_stopping:
        patience = wanted.early_stopping.patience
        chosen.append(keras.callbacks.EarlyStopping(**lowest, patience=patience))
    if wanted.reduce_on_plateau:
        plateau = wanted.reduce_on_plateau.model_dump()
        chosen.append(keras.callbacks.ReduceLROnPlateau(**lowest, **plateau))
    if wanted.tensorboard:
        if not find_spec("tensorboard"):
            raise BadInput("callbacks.tensorboard needs a package: pip install tensorboard")
        chosen.append(
            keras.callbacks.TensorBoard(
                scratch / "tensorboard", histogram_freq=wanted.tensorboard.histogram_epochs
            )
        )
    return chosen


def some(inputs: Arrays, which: slice) -> Arrays:
    chosen: Arrays = keras.tree.map_structure(lambda array: array[which], inputs)
    return chosen


def example_of(name: str, train: Train, inputs: Arrays) -> Arrays:
    """The validation example whose activations are logged, as a batch of one."""
    index = train.callbacks.activation_log.example if train.callbacks.activation_log else 0
    count = len(keras.tree.flatten(inputs)[0])
    if index >= count:
        raise BadInput(
            f"{name}.callbacks.activation_log.example: received {index}, "
            f"there are {count} validation examples"
        )
    return some(inputs, slice(index, index + 1))


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
    """Asks the model for the same pictures or texts after every epoch: the frames of a film."""

    def __init__(self, examples: Arrays, count: int, on_epoch: OnEpoch) -> None:
        super().__init__()
        self.examples, self.count = examples, count
        self.on_epoch = on_epoch
        self.frames: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        frame = self.model.snapshot(self.examples) if self.count else np.empty(0)
        self.frames.append(frame)
        self.on_epoch(epoch + 1, dict(logs or {}), frame)


class Concerns(keras.callbacks.Callback):
    """Asks the model after every epoch what looks wrong, says so at once and keeps it."""

    def __init__(self, bar: Progress) -> None:
        super().__init__()
        self.bar = bar
        self.lines: list[str] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        for concern in getattr(self.model, "concerns", lambda logs: [])(logs):
            self.lines.append(f"epoch {epoch + 1}: {concern}")
            self.bar.console.print(f"warning: {self.lines[-1]}", soft_wrap=True)


class Activations(keras.callbacks.Callback):
    """Keeps every layer's output for `example`, a batch of one, after each epoch."""

    def __init__(self, example: Arrays) -> None:
        super().__init__()
        self.example = example
        self.epochs: list[dict[str, np.ndarray]] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epochs.append(layer_outputs(self.model, self.example))


def layer_outputs(model: keras.Model, inputs: Arrays) -> dict[str, np.ndarray]:
    """What each layer of `model` makes of `inputs`, by "<place>_<name>" in the order they run in.

    A model of any kind is run once with the layers' `call` replaced: only a functional one could
    be asked for the tensors between its layers. Of a layer that runs twice the last is kept.
    """
    found: dict[keras.Layer, np.ndarray] = {}

    def recorded(layer: keras.Layer) -> Callable[..., Any]:
        call = layer.call

        def wrapper(*arguments: Any, **options: Any) -> Any:
            output = call(*arguments, **options)
            if tf.is_tensor(output):
                found[layer] = tf.cast(output, tf.float32).numpy()
            return output

        return wrapper

    # Not the models inside, whose outputs are those of their last layers.
    layers = [
        layer
        for layer in model._flatten_layers(include_self=False)
        if not isinstance(layer, keras.Model)
    ]
    for layer in layers:
        layer.call = recorded(layer)
    try:
        model(inputs)
    finally:
        for layer in layers:
            del layer.call
    return {
        f"{place:02}_{layer.name}": output for place, (layer, output) in enumerate(found.items())
    }


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
        self.bar.update(self.task, completed=self.done + min(batch + 1, self.steps))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        values = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        left = self.bar.tasks[0].time_remaining
        remaining = f"  {left:.0f} s left" if left else ""
        line = f"epoch {epoch + 1}/{self.epochs}  {values}{remaining}"
        self.bar.console.print(line, soft_wrap=True)
