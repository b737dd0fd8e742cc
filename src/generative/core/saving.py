"""A trained model on disk: `model.json` (what to build), `model.weights.h5` (its weights), and the
md5 of both.

Nothing in the folder differs between two equal runs: no time, no machine, no run id.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
from pydantic import TypeAdapter

from generative.core import members
from generative.core.errors import BadInput, first_line
from generative.core.folders import (
    CHECKSUMS,
    is_as_written,
    read_json,
    write_checksums,
    write_json,
)
from generative.core.inputs import shown

# Written into model.json; 5: with the hashes beside it.
VERSION = 5
DESCRIPTION, WEIGHTS = "model.json", "model.weights.h5"


@dataclass(frozen=True)
class Description:
    """What a trained model was built from: network, arguments, data set and its options."""

    network: str
    arguments: dict[str, Any]
    dataset: str
    data: dict[str, Any]

    @property
    def family(self) -> str:
        """The folder of the network."""
        return self.network.partition("/")[0]


def save(model: keras.Model, description: Description, folder: Path) -> None:
    """Write `model` into `folder`, from which `load` gives it back in any process."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_weights(folder / WEIGHTS)
    write_json(folder / DESCRIPTION, {"version": VERSION, **asdict(description)})
    write_checksums(folder)


def describe(folder: Path) -> Description:
    """What the model in `folder` is, without building it."""
    file = whole(folder, DESCRIPTION)
    try:
        content = read_json(file)
        version = content.pop("version")
        described = TypeAdapter(Description).validate_python(content)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise BadInput(f"{file} describes no model; run dvc checkout") from None
    if version != VERSION:
        raise BadInput(
            f"{folder} holds a model of format {shown(version)}, this program reads {VERSION}; "
            "train it again with dvc repro"
        )
    return described


def whole(folder: Path, name: str) -> Path:
    """The file `name` of a trained model, if it is what `save` wrote."""
    file = folder / name
    if not file.exists():
        if name == DESCRIPTION:
            raise BadInput(f"{folder} is no trained model: it has no {name}")
        raise BadInput(f"{file} is missing; run dvc checkout")
    if not is_as_written(file):
        raise BadInput(
            f"{file} is damaged, or of another version: {CHECKSUMS} says so; run generative doctor "
            "--mend, then generative repro"
        )
    return file


def load(folder: Path) -> keras.Model:
    """Build the model that `folder` describes and give it the weights it was left with."""
    described = describe(folder)
    weights = whole(folder, WEIGHTS)
    network = members.network(described.network)
    try:
        model = network(**described.arguments)
    except BadInput:
        raise
    except Exception as error:  # whatever its layers say of such arguments
        raise BadInput(
            f"{folder} was written by another version of {described.network} "
            f"({first_line(error)}); train it again with dvc repro"
        ) from None
    if not model.built:
        raise BadInput(
            f"{described.network} has no weights before it is called; let its constructor build "
            "its layers and end with self.built = True"
        )
    try:
        model.load_weights(weights)
    except Exception as error:  # Keras' and HDF5's own
        raise BadInput(
            f"{weights} does not fit this version of {described.network} ({first_line(error)}); "
            "train it again"
        ) from None
    return model
