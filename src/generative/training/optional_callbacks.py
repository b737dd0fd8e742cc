"""Callbacks that params.yaml asks for, in Keras' serialised form: those of Keras, ours, and one's
own.

A class is called by its name, `EarlyStopping`, or, one's own, by `module:Class`. Its module lies
where `dvc.yaml` looks for what the stage depends on, so that a change of it trains anew.
"""

import traceback
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from inspect import getfile
from pathlib import Path
from typing import Annotated, Any

import keras
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from generative.core.errors import BadInput, first_line, unknown
from generative.core.members import PACKAGE
from generative.training import callbacks

Form = dict[str, Any]
OURS = {"ActivationLog": callbacks.ActivationLog, "StepLog": callbacks.StepLog}
# They choose by the validation loss, unless their config says what else: whether that is to fall or
# to rise Keras knows, or asks for its mode.
LOWEST = {"monitor": "val_loss", "mode": "min"}
CHOOSING = ("EarlyStopping", "ReduceLROnPlateau")
REFUSED = {
    "BackupAndRestore": "a training that was stopped goes on by itself",
    "Callback": "it does nothing by itself; name a class made of it, module:Class",
    "CallbackList": "list the callbacks themselves",
    "LambdaCallback": "it needs a function; write a class, module:Class",
    "LearningRateScheduler": "it needs a function; give learning_rate one of Keras' schedules",
}
TENSORBOARD = Path(".cache/tensorboard")
HOOKS = [name for name in dir(keras.callbacks.Callback) if name.startswith("on_")]


def class_of(name: str) -> type[keras.callbacks.Callback]:
    """The class that `name` stands for; `BadInput` where there is none."""
    module, colon, own = name.rpartition(":")
    if not colon:
        of_keras = {n: c for n, c in vars(keras.callbacks).items() if isinstance(c, type)}
        known: dict[str, type] = {**of_keras, **OURS}
        if name not in known:
            raise unknown("callback", name, known)
        if name in REFUSED:
            raise BadInput(f"{name}: {REFUSED[name]}")
        return known[name]
    try:
        found = getattr(import_module(module), own)
    except Exception as error:
        raise BadInput(f"{name} cannot be imported: {first_line(error)}") from None
    if not (isinstance(found, type) and issubclass(found, keras.callbacks.Callback)):
        raise BadInput(f"{name} is no class of keras.callbacks.Callback")
    return found


def make(form: Form, **defaults: Any) -> keras.callbacks.Callback:
    """The callback that `form` describes, with `defaults` for what its config leaves out."""
    if set(form) != {"class_name", "config"} or not isinstance(form["config"], dict):
        raise BadInput("needs class_name and config, a mapping of its arguments")
    name = form["class_name"]
    if name == "ModelCheckpoint" and not form["config"].get("save_weights_only"):
        raise BadInput(
            "ModelCheckpoint: Keras loads no whole model of a class that it does not know; set "
            "save_weights_only: true, and write a whole one with generative export"
        )
    if name in CHOOSING and "monitor" not in form["config"]:
        defaults = {**LOWEST, **defaults}
    try:
        return class_of(name)(**{**defaults, **form["config"]})
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"{name}: {first_line(error)}") from None


def checked(form: Form) -> Form:
    """`form`; an error of pydantic's where it is no callback."""
    try:
        make(form)
    except BadInput as error:
        raise PydanticCustomError("callback", "{text}", {"text": f"a callback ({error})"}) from None
    return form


# {class_name: EarlyStopping, config: {patience: 5}}
Callback = Annotated[Form, AfterValidator(checked)]


def misplaced(form: Form, family: str, network: str) -> str:
    """What is wrong with where the module of one's own callback lies; empty where nothing is."""
    if ":" not in form["class_name"]:
        return ""
    file = Path(getfile(class_of(form["class_name"]))).resolve()
    folders = PACKAGE / "training", PACKAGE / family / "base"
    if file == PACKAGE / f"{network}.py" or any(f in file.parents for f in folders):
        return ""
    return (
        f"{form['class_name']} lies in {file.name}, which the stage does not depend on: move it "
        f"into src/generative/training or src/generative/{family}/base"
    )


def build(
    forms: Iterable[Form], name: str, workspace: Path, validation: tuple[Any, Any]
) -> list[keras.callbacks.Callback]:
    """The callbacks, each with the arrays of the validation as its `validation_data`.

    name: of their parameter, for errors. workspace: its name is that of TensorBoard's folder.
    An error of theirs becomes a `BadInput` that names the callback and the line.
    """
    chosen = []
    for form in forms:
        defaults = {}
        if form["class_name"] == "TensorBoard":
            if not find_spec("tensorboard"):
                raise BadInput(f"{name}: TensorBoard needs a package: pip install tensorboard")
            defaults["log_dir"] = TENSORBOARD / workspace.name
        callback = make(form, **defaults)
        callback.validation_data = validation
        for hook in HOOKS:
            method = getattr(callback, hook)
            # Keras leaves out the hooks that a class does not have of its own.
            if not hasattr(method, "_is_default"):
                setattr(callback, hook, guarded(method, f"{name}: {form['class_name']}.{hook}"))
        chosen.append(callback)
    return chosen


def guarded(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """`method`, whose exceptions become `BadInput`."""

    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return method(*arguments, **options)
        except BadInput as error:
            raise BadInput(f"{name}: {error}") from None
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise BadInput(
                f"{name} raised {type(error).__name__}: {first_line(error)} "
                f"({Path(place.filename).name}, line {place.lineno})"
            ) from error

    return call
