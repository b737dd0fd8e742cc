"""The typed schema of `params.yaml`, and how one block of it is read.

Every number that changes a result stands in that file. The shared blocks are declared here; the
block of a model is the signature of its constructor, and the block of a data set the signature of
its `prepare` function, so a new member of the family needs no line in this file.
"""

import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from generative.datasets import DATASETS
from generative.errors import BadInput, unknown
from generative.models import MODELS
from generative.tables import find

PATH = Path("params.yaml")

Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Precision = Literal["auto", "float32", "bfloat16"]


class Block(BaseModel):
    """A block of parameters: complete, typed, and nothing besides."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Runtime(Block):
    """How the device is used. Each of these changes the last bits of a result."""

    determinism: bool
    threads: Annotated[int, Field(ge=0)]
    xla: Literal["auto", "on", "off"]


class EarlyStopping(Block):
    """Stop after `patience` epochs without a lower validation loss."""

    patience: Count


class ReduceOnPlateau(Block):
    """Multiply the learning rate by `factor` after `patience` epochs without progress."""

    patience: Count
    factor: Annotated[float, Field(gt=0, lt=1)]


class Train(Block):
    """How one model is trained. `data` and `model` are checked against what they are passed to."""

    dataset: str
    data: dict[str, Any]
    epochs: Count
    batch_size: Count
    seed: Seed
    precision: Precision
    steps_per_call: Count
    keep: Literal["best", "last"]
    early_stopping: EarlyStopping | None
    reduce_on_plateau: ReduceOnPlateau | None
    snapshot_count: Count
    model: dict[str, Any]


class Evaluate(Block):
    """How much is measured: samples, images and seeds behind each number."""

    seed: Seed
    elbo_samples: Count
    importance_samples: Count
    importance_images: Annotated[int, Field(ge=2)]  # one has no standard error
    importance_guides: Count
    importance_components: Count
    grid_tolerance_nats: Annotated[float, Field(gt=0)]
    neighbours: Count


class Render(Block):
    """What the pictures show."""

    seed: Seed
    rows: Count
    columns: Count
    plane_size: Count
    frames_per_second: Annotated[int, Field(ge=1, le=50)]


BLOCKS: dict[str, type[Block]] = {"runtime": Runtime, "evaluate": Evaluate, "render": Render}


def signature(function: Callable[..., Any]) -> type[Block]:
    """The keyword-only arguments of `function` as a schema; each annotation carries its range."""
    parameters = inspect.signature(function).parameters.values()
    fields: Any = {p.name: (p.annotation, ...) for p in parameters if p.kind is p.KEYWORD_ONLY}
    return create_model(function.__qualname__, __base__=Block, **fields)


def read(name: str, path: Path = PATH) -> Any:
    """Read and check the block `name`: `runtime`, `train.cvae`, `prepare.mnist`, ...

    Returns the block with its values as attributes. Raises `BadInput`, one line a mistake, naming
    the key, what was received and what is allowed.
    """
    # Auditing costs nothing and lets a test compare what a stage reads with what dvc.yaml says.
    sys.audit("generative.params.read", name)
    document = read_document(path)
    section, _, key = name.partition(".")
    if section not in document:
        raise BadInput(f"{path}: the block {section} is missing; add it")
    if not key:
        shared = check(path, name, BLOCKS[section], document[section])
        if isinstance(shared, Evaluate) and shared.importance_components > shared.importance_guides:
            raise BadInput(
                f"{path}: evaluate.importance_components: received {shared.importance_components}, "
                f"at most evaluate.importance_guides, which is {shared.importance_guides}"
            )
        return shared
    if key not in document[section]:
        raise unknown(f"block of {path}", name, (f"{section}.{k}" for k in document[section]))
    block = document[section][key]
    if section == "prepare":
        return check(path, name, signature(find(DATASETS, "data set", key).prepare), block)
    train: Train = check(path, name, Train, block)
    if train.early_stopping and train.keep == "last":
        raise BadInput(f"{path}: {name}.early_stopping needs {name}.keep: best, received last")
    if train.dataset not in DATASETS:
        raise BadInput(f"{path}: {name}.dataset: {unknown('data set', train.dataset, DATASETS)}")
    dataset = find(DATASETS, "data set", train.dataset)
    check(path, f"{name}.data", signature(dataset.batches), train.data)
    check(path, f"{name}.model", signature(find(MODELS, "model", key).__init__), train.model)
    return train


def raw(section: str, path: Path = PATH) -> dict[str, Any]:
    """A whole section of `path` as plain values, to be shown and not used."""
    sys.audit("generative.params.read", section)
    return read_document(path).get(section, {})


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} as {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def check_all(path: Path = PATH) -> list[str]:
    """Check every block of `path`; the names of the blocks, or `BadInput` with every mistake."""
    document = read_document(path)
    expected = {"profile", "prepare", "train", *BLOCKS}
    mistakes = [
        f"{path}: {unknown('block', name, expected)}" for name in document.keys() - expected
    ]
    names = [*BLOCKS, *(f"{s}.{k}" for s in ("prepare", "train") for k in document.get(s, {}))]
    for name in names:
        try:
            read(name, path)
        except BadInput as error:
            mistakes.append(str(error))
    if mistakes:
        raise BadInput("\n       ".join(mistakes))
    return names


def read_document(path: Path = PATH) -> dict[str, Any]:
    """The whole of `path` as plain values, unchecked."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{path} is missing; run this in the project's folder") from None
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict):
        raise BadInput(f"{path} must hold blocks of parameters, received {document!r}")
    return document


def check(path: Path, name: str, schema: type[Block], values: Any) -> Any:
    """`values` as an instance of `schema`, or `BadInput` with one line a mistake."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        lines = [f"{path}: {explain(name, schema, mistake)}" for mistake in error.errors()]
        raise BadInput("\n       ".join(lines)) from None


def explain(name: str, schema: type[Block], mistake: Any) -> str:
    """One line for one of pydantic's errors."""
    *_, last = mistake["loc"] or ("",)
    key = ".".join([name, *map(str, mistake["loc"])])
    if mistake["type"] == "missing":
        return f"{key} is missing; add it"
    if mistake["type"] == "extra_forbidden":
        return f"{key}: {unknown('parameter', str(last), schema.model_fields)}"
    received = mistake["input"]
    advice = ""
    if isinstance(received, str) and "float" in mistake["type"]:
        advice = "; write floats with a point, 0.0002 and not 2e-4"
    rule = mistake["msg"].removeprefix("Input should be ")
    return f"{key}: received {received!r}, must be {rule}{advice}"


def use(profile: Path, path: Path = PATH) -> list[str]:
    """Merge the overlay `profile` into `path`, keeping its comments; the names that changed.

    The file is replaced only once the merged parameters have passed every check.
    """
    from ruamel.yaml import YAML

    style = YAML()
    style.preserve_quotes = True
    style.width = 100
    document = style.load(path.read_text(encoding="utf-8"))
    changed = merge(document, read_document(profile), profile)
    trial = path.with_name(path.name + ".new")
    try:
        with trial.open("w", encoding="utf-8") as file:
            style.dump(document, file)
        try:
            check_all(trial)
        except BadInput as error:
            raise BadInput(str(error).replace(str(trial), str(profile))) from None
        trial.replace(path)
    finally:
        trial.unlink(missing_ok=True)
    return changed


def merge(document: Any, overlay: dict[str, Any], source: Path, prefix: str = "") -> list[str]:
    """Write the values of `overlay` over those of `document`, in place; the changed names."""
    changed = []
    for key, value in overlay.items():
        name = f"{prefix}{key}"
        if key not in document:
            raise BadInput(
                f"{source}: {unknown('parameter', name, (prefix + k for k in document))}"
            )
        if isinstance(value, dict) and isinstance(document[key], dict):
            changed += merge(document[key], value, source, f"{name}.")
        elif document[key] != value:
            document[key] = value
            changed.append(name)
    return changed
