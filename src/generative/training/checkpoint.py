"""The state of a training after an epoch, in one file: enough to go on to the same bytes.

Keras' `BackupAndRestore` leaves out the state of random generators and of callbacks, and writes the
weights and the epoch to two files: a process that is killed between them goes on from neither.
"""

import json
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from generative.core.folders import atomic_file

# What Keras' own callbacks must remember from one epoch to the next.
KERAS_STATE = {
    keras.callbacks.EarlyStopping: ("wait", "stopped_epoch", "best", "best_epoch", "best_weights"),
    keras.callbacks.ModelCheckpoint: ("best",),
    keras.callbacks.ReduceLROnPlateau: ("wait", "best", "cooldown_counter"),
}


class Checkpoint(keras.callbacks.Callback):
    """Writes the state of the model and of `callbacks`, which come before this one, to `file` after
    every epoch.

    Callbacks and models of ours name in `checkpointed` the attributes, beside variables, that they
    must remember: JSON with arrays in it.

    rows: the metrics of each epoch so far. stopped: whether the training ended before its time.
    """

    def __init__(self, file: Path, callbacks: Iterable[keras.callbacks.Callback]) -> None:
        super().__init__()
        self.file, self.callbacks = file, list(callbacks)
        self.rows: list[dict[str, float]] = []
        self.stopped = False
        self.states: list[dict[str, Any]] = []

    def restore(self, model: keras.Model) -> None:
        """Give the compiled `model` what the file holds, if there is one."""
        if not self.file.exists():
            return
        for optimizer in optimizers(model):
            if not optimizer.built:
                optimizer.build(model.trainable_variables)
        try:
            content = read(self.file)
            pairs = list(zip(variables(model), content["variables"], strict=True))
            for variable, value in pairs:
                tf.TensorShape(variable.shape).assert_is_compatible_with(value.shape)
            version, internal, gauss = content["random"]
            random.setstate((version, tuple(internal), gauss))
            rows, stopped, states = (content[name] for name in ("rows", "stopped", "states"))
        except Exception as error:  # a damaged zip raises anything
            print(f"warning: {self.file} is damaged ({error}); the training begins anew")
            return
        for variable, value in pairs:
            variable.assign(value.astype(np.asarray(variable).dtype))
        self.rows, self.stopped, self.states = rows, stopped, states

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        # Now, for the others forget everything when a training begins.
        for holder, state in zip([self.model, *self.callbacks], self.states, strict=False):
            for name, value in state.items():
                setattr(holder, name, value)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.rows.append(dict(logs or {}))
        holders = [self.model, *self.callbacks]
        content = {
            "rows": self.rows,
            "stopped": self.model.stop_training,
            "random": random.getstate(),
            "states": [{name: getattr(h, name) for name in checkpointed(h)} for h in holders],
            "variables": [np.asarray(variable) for variable in variables(self.model)],
        }
        write(self.file, content)


def checkpointed(holder: Any) -> tuple[str, ...]:
    """The attributes that a callback or a model must remember."""
    of_keras = (names for kind, names in KERAS_STATE.items() if isinstance(holder, kind))
    names: tuple[str, ...] = getattr(holder, "checkpointed", next(of_keras, ()))
    return names


def optimizers(model: keras.Model) -> list[keras.optimizers.Optimizer]:
    """Those that are attributes of `model`."""
    found = (v for v in vars(model).values() if isinstance(v, keras.optimizers.Optimizer))
    return list({id(optimizer): optimizer for optimizer in found}.values())


def variables(model: keras.Model) -> list[Any]:
    """All that a training step changes: weights, averages, the states of random generators and of
    optimizers, and a model's `training_state`, if it carries one from step to step: each device's.
    """
    states = [v for optimizer in optimizers(model) for v in optimizer.variables]
    strategy = tf.distribute.get_strategy()
    carried = [
        of_device
        for variable in getattr(model, "training_state", ())
        for of_device in strategy.experimental_local_results(variable)
    ]
    return [*model.variables, *states, *carried]


def write(file: Path, content: Any) -> None:
    """`content`, JSON with arrays in it, as `file`: the whole of it, or what was there stays."""
    arrays: list[np.ndarray] = []

    def without_arrays(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            # NumPy's files have no bfloat16, of which float32 holds every number.
            arrays.append(value.astype(np.float32) if value.dtype.kind == "V" else value)
            return {"array": len(arrays) - 1}
        if isinstance(value, dict):
            return {key: without_arrays(v) for key, v in value.items()}
        if isinstance(value, list | tuple):
            return [without_arrays(v) for v in value]
        return value.item() if isinstance(value, np.generic) else value

    text = json.dumps(without_arrays(content))
    with atomic_file(file) as part, part.open("wb") as opened:
        np.savez(opened, *arrays, json=np.array(text))


def read(file: Path) -> Any:
    """What `write` wrote. Each array has a checksum in the file: raises if one is wrong."""
    with np.load(file, allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    text = str(arrays.pop("json"))

    def array_of(value: dict[str, Any]) -> Any:
        return arrays[f"arr_{value['array']}"] if list(value) == ["array"] else value

    return json.loads(text, object_hook=array_of)
