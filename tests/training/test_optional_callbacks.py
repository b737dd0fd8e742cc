"""Callbacks from their serialised form, and how those that fail say so."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.training import optional_callbacks

VALIDATION = np.zeros((4, 2)), np.arange(4)


class OneOfOnesOwn(keras.callbacks.Callback):
    """Notes which hooks are called; fails in one of them."""

    def __init__(self, fails: str = "") -> None:
        super().__init__()
        self.fails = fails
        self.called: list[str] = []

    def note(self, hook: str) -> None:
        self.called.append(hook)
        if hook == self.fails:
            raise ValueError("no such thing\nand more")

    def on_train_begin(self, logs: Any = None) -> None:
        self.note("on_train_begin")

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.note("on_epoch_begin")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.note("on_train_batch_end")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.note("on_epoch_end")

    def on_train_end(self, logs: Any = None) -> None:
        self.note("on_train_end")


def build(class_name: str, **config: Any) -> Any:
    form = {"class_name": class_name, "config": config}
    (callback,) = optional_callbacks.build([form], "train.x.callbacks", Path("w"), VALIDATION)
    return callback


def train(callback: keras.callbacks.Callback) -> None:
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.fit(np.ones((4, 2)), np.ones(4), batch_size=2, verbose=0, callbacks=[callback])


def test_one_of_ones_own_is_called_and_has_the_validation_data() -> None:
    callback = build(f"{__name__}:OneOfOnesOwn")
    train(callback)
    assert callback.called == [
        "on_train_begin",
        "on_epoch_begin",
        "on_train_batch_end",
        "on_train_batch_end",
        "on_epoch_end",
        "on_train_end",
    ]
    assert callback.validation_data is VALIDATION
    # Keras asks for no hook that the class does not have.
    assert hasattr(callback.on_test_begin, "_is_default")


@pytest.mark.parametrize("hook", ["on_train_begin", "on_train_batch_end", "on_epoch_end"])
def test_one_that_raises_is_named_with_its_line(hook: str) -> None:
    message = (
        rf"^train.x.callbacks: .*:OneOfOnesOwn.{hook} raised ValueError: no such thing "
        r"\(test_optional_callbacks.py, line \d+\)$"
    )
    with pytest.raises(BadInput, match=message):
        train(build(f"{__name__}:OneOfOnesOwn", fails=hook))


def test_a_monitor_of_keras_that_is_not_there_is_said(recwarn: pytest.WarningsRecorder) -> None:
    train(build("EarlyStopping", monitor="nothing", mode="min"))
    assert any("`nothing` which is not available" in str(w.message) for w in recwarn)


def test_what_is_left_out() -> None:
    stopping = build("EarlyStopping")
    assert (stopping.monitor, stopping.mode) == ("val_loss", "min")
    # Keras knows which way its metrics go.
    own = build("EarlyStopping", monitor="val_accuracy", patience=2)
    assert (own.monitor, own.mode) == ("val_accuracy", "auto")
    assert Path(build("TensorBoard").log_dir) == Path(".cache/tensorboard/w")


@pytest.mark.parametrize(
    ("class_name", "config", "message"),
    [
        ("BackupAndRestore", {"backup_dir": "x"}, "goes on by itself"),
        ("LearningRateScheduler", {"schedule": 0.1}, "one of Keras' schedules"),
        ("ModelCheckpoint", {"filepath": "a.keras"}, "set save_weights_only: true, and write a"),
        ("CallbackList", {}, "list the callbacks themselves"),
        ("ActivationLog", {"example": "a"}, "example: received 'a', must be a whole number"),
    ],
)
def test_what_cannot_be_asked_for(class_name: str, config: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        build(class_name, **config)


def test_where_ones_own_may_lie() -> None:
    def misplaced(class_name: str) -> str:
        form = {"class_name": class_name, "config": {}}
        return optional_callbacks.misplaced(form, "gan", "gan/cgan")

    assert misplaced("EarlyStopping") == ""
    assert misplaced("generative.training.callbacks:StepLog") == ""
    assert "test_optional_callbacks.py, which the stage does not depend on" in misplaced(
        f"{__name__}:OneOfOnesOwn"
    )
