"""A trained model on disk: `model.json` (what to build), `model.weights.h5` (its weights).

Nothing in the folder differs between two equal runs: no time, no machine, no run id.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras

from generative.core import members
from generative.core.errors import BadInput
from generative.core.folders import file_hash, read_json, write_json

# Written into model.json; 4: with the hash of the weights.
VERSION = 4
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
    own = {"version": VERSION, "weights_md5": file_hash(folder / WEIGHTS)}
    write_json(folder / DESCRIPTION, {**own, **asdict(description)})


def describe(folder: Path) -> Description:
    """What the model in `folder` is, without building it."""
    return read_description(folder)[0]


def read_description(folder: Path) -> tuple[Description, str]:
    """What the model in `folder` is, and the md5 of its weights."""
    try:
        content = read_json(folder / DESCRIPTION)
        version = content.pop("version")
        if version != VERSION:
            raise BadInput(
                f"{folder} holds a model of format {version}, this program reads {VERSION}; "
                "train it again with dvc repro"
            )
        md5 = content.pop("weights_md5")
        return Description(**content), md5
    except FileNotFoundError:
        raise BadInput(f"{folder} is no trained model: it has no model.json") from None
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{folder}/model.json is damaged ({error}); run dvc checkout") from None


def load(folder: Path) -> keras.Model:
    """Build the model that `folder` describes and give it the weights it was left with."""
    described, md5 = read_description(folder)
    try:
        model = members.network(described.network)(**described.arguments)
    except TypeError as error:
        raise BadInput(
            f"{folder} was written by another version of {described.network} ({error}); "
            "train it again with dvc repro"
        ) from None
    if not model.built:
        raise BadInput(
            f"{described.network} has no weights before it is called; let its constructor build "
            "its layers and end with self.built = True"
        )
    weights = folder / WEIGHTS
    try:
        found = file_hash(weights)
    except FileNotFoundError:
        raise BadInput(f"{weights} is missing; run dvc checkout") from None
    if found != md5:
        raise BadInput(
            f"{weights} is damaged: its md5 is {found}, {folder / DESCRIPTION} says {md5}; run "
            "generative doctor --mend, then generative repro"
        )
    try:
        model.load_weights(weights)
    except (ValueError, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise BadInput(
            f"{weights} does not fit this version of {described.network} ({first}); train it again"
        ) from None
    return model
