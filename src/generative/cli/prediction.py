"""A trained multi-input or multi-output model on one's own input, for `generative predict`."""

import inspect
from pathlib import Path
from typing import Any

from generative.cli.trained import MODELS, folder_of
from generative.core import saving
from generative.core.errors import BadInput
from generative.multi_io import render
from generative.multi_io.base.model import MultiIOModel


def predict(model: str, given: dict[str, Any], models: Path = MODELS) -> str:
    """A line an output of `model`, a key or a folder, for one value of each of its inputs by name.

    Raises `BadInput` for a model that is not trained or takes no such inputs, for inputs that are
    missing or too many, and for values that it cannot read.
    """
    folder = folder_of(model, models)
    trained = saving.load(folder)
    if not isinstance(trained, MultiIOModel):
        raise BadInput(
            f"{model} takes no input from the command line: {saving.describe(folder).network}"
        )
    taken = list(inspect.signature(trained.parse_inputs).parameters)
    listed = " and ".join(f"--{name}" for name in taken)
    for name in given.keys() - set(taken):
        raise BadInput(f"--{name}: {model} does not take it; it takes {listed}")
    for name in taken:
        if name not in given:
            raise BadInput(f"--{name} is missing: {model} takes {listed}")
    try:
        inputs = trained.parse_inputs(**given)
    except BadInput as error:
        raise BadInput(f"{model}: {error}") from None
    (text,) = render.describe_predictions(trained, trained.predictions(inputs))
    return text
