"""Optimizers in Keras' serialised form, at a rate that is constant, falls over the steps that
training takes, or follows one of Keras' schedules."""

import warnings
from typing import Annotated, Any, Literal

import keras
import tensorflow as tf
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from generative.core.errors import first_line

Form = dict[str, Any]
Decay = Literal["none", "cosine"]
ADAM: Form = {"class_name": "Adam", "config": {}}
OPTIMIZERS, SCHEDULES = "keras.optimizers", "keras.optimizers.schedules"


def load(form: Form, module: str) -> Any:
    """The object that `form` is of in Keras' `module`; ValueError where it is none."""
    if set(form) != {"class_name", "config"} or not isinstance(form["config"], dict):
        raise ValueError(f"received {', '.join(map(str, form)) or 'nothing'}")
    return keras.saving.deserialize_keras_object({**form, "module": module})


def checked(form: Form, module: str) -> Form:
    """`form`; an error of pydantic's where Keras makes nothing of it."""
    try:
        # In a graph: other variables would start TensorFlow before its threads are set.
        with warnings.catch_warnings(), tf.Graph().as_default():
            warnings.simplefilter("error")  # `decay` is ignored with a warning
            load(form, module)
    except Exception as error:
        text = f"of {module}: class_name and the arguments in config ({first_line(error)})"
        raise PydanticCustomError("keras", "{text}", {"text": text}) from None
    return form


def checked_optimizer(form: Form) -> Form:
    checked(form, OPTIMIZERS)
    if "learning_rate" in form["config"]:
        raise PydanticCustomError("keras", "without a learning_rate, which stands beside it")
    return form


def checked_rate(rate: Any) -> Any:
    if isinstance(rate, dict):
        return checked(rate, SCHEDULES)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate <= 1:
        raise PydanticCustomError("rate", "a number above 0, at most 1, or a schedule of Keras")
    return rate


# {class_name: RMSprop, config: {rho: 0.9, clipnorm: 1.0}}
Optimizer = Annotated[Form, AfterValidator(checked_optimizer)]
# 0.001, or {class_name: InverseTimeDecay, config: {initial_learning_rate: 0.001, ...}}
LearningRate = Annotated[Any, AfterValidator(checked_rate)]


def build(
    form: Form, rate: float | Form, decay: Decay = "none", steps: int | None = None
) -> keras.optimizers.Optimizer:
    """The optimizer `form` at the rate `rate`: as it is, or along a cosine that falls from it to 0
    in `steps`; constant where these are unknown."""
    schedules = keras.optimizers.schedules
    if isinstance(rate, dict):
        rate = schedules.serialize(load(rate, SCHEDULES))
    elif decay == "cosine" and steps:
        rate = schedules.serialize(schedules.CosineDecay(rate, steps))
    return load({**form, "config": {**form["config"], "learning_rate": rate}}, OPTIMIZERS)
