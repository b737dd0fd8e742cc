"""What happens at the end of an epoch: snapshots, warnings, activations, progress."""

import math
from collections.abc import Callable
from time import monotonic
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from generative.core.errors import BadInput

# One array, or several by name.
Arrays = np.ndarray | dict[str, np.ndarray]
OnEpoch = Callable[[int, dict[str, float], np.ndarray | None], None]


class NotFinite(Exception):
    """A metric of an epoch that is no number; the argument is its name."""


class EpochNumber(keras.callbacks.Callback):
    """Tells the data which epoch it is, from 0: the variable `number`."""

    def __init__(self) -> None:
        super().__init__()
        with tf.device("CPU"):  # where the data are
            self.number = tf.Variable(0, trainable=False, dtype=tf.int64)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.number.assign(epoch)


class LastFiniteWeights(keras.callbacks.Callback):
    """Keeps the weights of the last epoch whose every metric was a number."""

    checkpointed = ("epoch",)

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.epoch, self.weights = 0, self.model.get_weights()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        # XLA drops the checks inside the graph, so this is the one that a GPU meets.
        bad = [name for name, value in (logs or {}).items() if not math.isfinite(value)]
        if bad:
            raise NotFinite(next((name for name in bad if name != "loss"), "loss"))
        self.epoch, self.weights = epoch + 1, self.model.get_weights()


class BestWeights(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest validation loss."""

    checkpointed = ("lowest", "weights")

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.lowest, self.weights = math.inf, self.model.get_weights()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {})["val_loss"]
        if loss < self.lowest:
            self.lowest = loss
            self.weights = [np.asarray(weight) for weight in self.model.get_weights()]


class Snapshots(keras.callbacks.Callback):
    """Calls `model.snapshot` with the same examples before the training and after every epoch:
    images or texts."""

    checkpointed = ("frames",)

    def __init__(self, examples: Arrays, count: int, on_epoch: OnEpoch) -> None:
        super().__init__()
        self.examples, self.count = examples, count
        self.on_epoch = on_epoch
        self.frames: list[np.ndarray] = []

    def before_training(self, model: keras.Model) -> None:
        """The first frame: what the model shows before it has learned anything."""
        self.frames.append(self.frame_of(model))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        frame = self.frame_of(self.model)
        self.frames.append(frame)
        self.on_epoch(epoch + 1, dict(logs or {}), frame)

    def frame_of(self, model: keras.Model) -> np.ndarray:
        frame: np.ndarray = model.snapshot(self.examples) if self.count else np.empty(0)
        return frame


class EpochWarnings(keras.callbacks.Callback):
    """Calls `model.warnings` with the metrics of every epoch; prints the lines and keeps them."""

    checkpointed = ("lines",)

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress
        self.lines: list[str] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        for warning in getattr(self.model, "warnings", lambda logs: [])(logs):
            self.lines.append(f"epoch {epoch + 1}: {warning}")
            self.progress.console.print(f"warning: {self.lines[-1]}", soft_wrap=True)


class ActivationLog(keras.callbacks.Callback):
    """Keeps every layer's output for the validation example number `example` after each epoch."""

    checkpointed = ("epochs",)

    def __init__(self, example: int) -> None:
        super().__init__()
        if not isinstance(example, int):
            raise BadInput(f"example: received {example!r}, must be a whole number")
        self.example = example
        self.epochs: list[dict[str, np.ndarray]] = []
        self.validation_data: tuple[Arrays, Arrays]

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        inputs, _ = self.validation_data
        count = len(keras.tree.flatten(inputs)[0])
        if not 0 <= self.example < count:
            raise BadInput(
                f"example: received {self.example}, there are {count} validation examples"
            )
        self.inputs = select(inputs, slice(self.example, self.example + 1))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epochs.append(layer_outputs(self.model, self.inputs))


class StepLog(keras.callbacks.Callback):
    """Keeps the metrics of every step, which Keras gives as means over the epoch so far; needs
    `steps_per_call: 1`."""

    checkpointed = ("rows",)

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, float]] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.before: dict[str, float] = {}

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        means = {name: float(value) for name, value in (logs or {}).items()}
        self.rows.append(
            {n: (batch + 1) * mean - batch * self.before.get(n, 0.0) for n, mean in means.items()}
        )
        self.before = means


def select(inputs: Arrays, which: slice) -> Arrays:
    """The examples `which` of one array or of several."""
    selected: Arrays = keras.tree.map_structure(lambda array: array[which], inputs)
    return selected


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


def progress_bar() -> Progress:
    """A bar over all steps, with the time left."""
    return Progress(
        TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )


class ProgressBar(keras.callbacks.Callback):
    """Advances the progress bar, and prints one line an epoch, which a log file keeps."""

    def __init__(self, progress: Progress, steps: int) -> None:
        super().__init__()
        self.progress, self.steps = progress, steps

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.epochs = self.params["epochs"]
        self.task = self.progress.add_task("training", total=self.steps * self.epochs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.done, self.began = epoch * self.steps, monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.progress.update(self.task, completed=self.done + min(batch + 1, self.steps))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        values = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        left = self.progress.tasks[0].time_remaining
        remaining = f"  {left:.0f} s left" if left else ""
        taken = f"  {monotonic() - self.began:.1f} s"
        line = f"epoch {epoch + 1}/{self.epochs}  {values}{taken}{remaining}"
        self.progress.console.print(line, soft_wrap=True)
