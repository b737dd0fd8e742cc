"""A trained model on disk: `model.json` (what to build), `model.weights.h5` (its weights),
`signature.json` (what its inference model takes and gives), and the md5 of each.

Nothing in the folder differs between two equal runs: no time, no machine, no run id.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
from pydantic import TypeAdapter

from generative.core import members
from generative.core.errors import BadInput, first_line, shown
from generative.core.folders import read_json, whole, write_checksums, write_json

# Written into model.json; 5: with the hashes beside it.
VERSION = 5
DESCRIPTION, WEIGHTS, SIGNATURE = "model.json", "model.weights.h5", "signature.json"


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
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")  # that of whoever loads it
    try:
        write_json(folder / SIGNATURE, signature(model.inference_model()))
    finally:
        keras.config.set_dtype_policy(policy)
    write_checksums(folder)


def signature(model: keras.Model) -> dict[str, list[dict[str, Any]]]:
    """Name, type and shape of the `inputs` and the `outputs` of a functional or a Sequential model.
    A size of -1 is free.

    An input by itself is given without a name. A Sequential's output has none.
    """

    def described(tensors: list[Any], names: Sequence[str | None]) -> list[dict[str, Any]]:
        shapes = [[-1 if size is None else size for size in tensor.shape] for tensor in tensors]
        return [
            {"name": name, "dtype": tensor.dtype, "shape": shape}
            for name, tensor, shape in zip(names, tensors, shapes, strict=True)
        ]

    inputs = [tensor.name for tensor in model.inputs] if len(model.inputs) > 1 else [None]
    # Keras ends a name by the number of layers of that kind that the process had before.
    names = list(getattr(model, "output_names", []))
    outputs = [re.sub(r"_\d+$", "", name) for name in names]
    if len(set(outputs)) < len(outputs):
        outputs = names
    return {
        "inputs": described(model.inputs, inputs),
        "outputs": described(model.outputs, outputs or [None]),
    }


def describe(folder: Path) -> Description:
    """What the model in `folder` is, without building it."""
    file = folder / DESCRIPTION
    if not file.exists():
        raise BadInput(f"{folder} is no trained model: it has no {DESCRIPTION}")
    try:
        content = read_json(whole(file, "dvc checkout"))
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


def load(folder: Path) -> keras.Model:
    """Build the model that `folder` describes and give it the weights it was left with."""
    described = describe(folder)
    weights = whole(folder / WEIGHTS, "dvc checkout")
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
