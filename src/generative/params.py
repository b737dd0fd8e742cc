"""The typed schema of `params.yaml`, and how one block of it is read.

Every number that changes a result stands in that file. The shared blocks are declared here; the
block of a model is the signature of its constructor, and the block of a data set the signature of
its `prepare` function, so a new member of the family needs no line in this file.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from generative.datasets import DATASETS
from generative.errors import BadInput, unknown
from generative.tables import NETWORKS, find

PATH = Path("params.yaml")

Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Precision = Literal["auto", "float32", "bfloat16"]


class Block(BaseModel):
    """A block of parameters: complete, typed, and nothing besides."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def written(self) -> dict[str, Any]:
        """The values as the file has them: what is left out there is left out here."""
        return self.model_dump(exclude_unset=True)


class Runtime(Block):
    """How the device is used. Each of these changes the last bits of a result."""

    determinism: bool
    threads: Annotated[int, Field(ge=0)]
    xla: Literal["auto", "on", "off"]


class Prepare(Block):
    """The folder that a data set is made from; what its `prepare` takes comes on top."""

    raw: Annotated[str, Field(min_length=1)]


class EarlyStopping(Block):
    """Stop after `patience` epochs without a lower validation loss."""

    patience: Count


class ReduceOnPlateau(Block):
    """Multiply the learning rate by `factor` after `patience` epochs without progress."""

    patience: Count
    factor: Annotated[float, Field(gt=0, lt=1)]


class ActivationLog(Block):
    """Keep every layer's output for one validation example, `example`, after each epoch."""

    example: Annotated[int, Field(ge=0)]


class TensorBoard(Block):
    """Write curves, and histograms of the weights every so many epochs (0: none)."""

    histogram_epochs: Annotated[int, Field(ge=0)]


class Callbacks(Block):
    """What else happens while a model trains; each may be left out."""

    early_stopping: EarlyStopping | None = None
    reduce_on_plateau: ReduceOnPlateau | None = None
    activation_log: ActivationLog | None = None
    tensorboard: TensorBoard | None = None


class Train(Block):
    """How one network is trained. `data` and `model` are checked against what takes them.

    steps_per_epoch: where an epoch, after which pictures are made, is not one pass over the data.
    """

    network: str
    family: str
    dataset: str
    data: dict[str, Any]
    epochs: Count
    steps_per_epoch: Count | None = None
    batch_size: Count
    seed: Seed
    precision: Precision
    steps_per_call: Count
    keep: Literal["best", "last"]
    callbacks: Callbacks
    snapshot_count: Annotated[int, Field(ge=0)]
    model: dict[str, Any]


class Ensemble(Block):
    """The judge: classifiers whose probabilities are averaged, and the one whose features count."""

    members: Annotated[list[str], Field(min_length=1)]
    features: str


class EvaluateClassifiers(Block):
    """How classifiers are measured."""

    bins: Count


class EvaluatePictures(Block):
    """How generated pictures are compared with real ones."""

    samples: Annotated[int, Field(ge=2)]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    neighbours: Count
    kernel_subsets: Count
    kernel_subset_size: Annotated[int, Field(ge=2)]


class EvaluateImages(EvaluatePictures):
    """How generated digits are, and how good a judge must be to see them."""

    accuracy_floor: Annotated[float, Field(ge=0, le=1)]


class Calibrate(Block):
    """The known cases that the image metrics are tried on."""

    seed: Seed
    noise: Annotated[float, Field(gt=0)]
    blur_pixels: Annotated[float, Field(gt=0)]
    missing_digit: Annotated[int, Field(ge=0, le=9)]
    memorised: Count


class EvaluateLikelihood(Block):
    """How much is measured: samples, images and seeds behind each number."""

    seed: Seed
    elbo_samples: Count
    importance_samples: Count
    importance_images: Annotated[int, Field(ge=2)]  # one has no standard error
    importance_guides: Count
    importance_components: Count
    grid_tolerance_nats: Annotated[float, Field(gt=0)]
    neighbours: Count


class RenderClassifiers(Block):
    """What the pictures of a classifier show."""

    mistakes: Count
    columns: Count


class RenderLikelihood(Block):
    """What the pictures of a likelihood model show."""

    seed: Seed
    rows: Count
    columns: Count
    plane_size: Count
    frames_per_second: Annotated[int, Field(ge=1, le=50)]


class RenderAdversarial(Block):
    """What the pictures of a GAN show; one with classes has a row for each."""

    seed: Seed
    rows: Count
    columns: Count
    film_columns: Count
    frames_per_second: Annotated[int, Field(ge=1, le=50)]


class RenderObjectives(Block):
    """What is shown of GANs that differ in their objective.

    steps, every, batch_size: how long the discriminator trains alone, in batches of how many
        images, and after how many the gradients are measured.
    """

    seed: Seed
    rows: Count
    columns: Count
    steps: Count
    every: Count
    batch_size: Count


class Dimension(Block):
    """One hyperparameter's range: `choices`, or numbers from `low` to `high`."""

    choices: Annotated[list[Any], Field(min_length=1)] | None = None
    low: float | int | None = None
    high: float | int | None = None
    scale: Literal["linear", "log"] = "linear"

    def ends(self) -> list[Any]:
        """Values that must be allowed if all between them are to be."""
        return list(self.choices) if self.choices else [self.low, self.high]

    def contradictions(self, name: str) -> Iterator[str]:
        if self.choices:
            if (self.low, self.high) != (None, None):
                yield f"{name}: has choices and a range, keep one of them"
        elif self.low is None or self.high is None:
            yield f"{name}: needs choices, or low and high"
        elif self.low >= self.high:
            yield f"{name}: low {self.low} must be below high {self.high}"
        elif self.scale == "log" and self.low <= 0:
            yield f"{name}: low {self.low} must be above 0 on a log scale"


class Tune(Block):
    """A search over arguments of one network's block `train.<key>`."""

    trials: Annotated[int, Field(ge=2)]  # one has no importance
    workers: Count
    epochs: Count
    train_count: Count
    seed: Seed
    space: Annotated[dict[str, Dimension], Field(min_length=1)]


BLOCKS: dict[str, type[Block]] = {
    "runtime": Runtime,
    "ensemble": Ensemble,
    "calibrate": Calibrate,
    "evaluate.classifiers": EvaluateClassifiers,
    "evaluate.images": EvaluateImages,
    "evaluate.likelihood": EvaluateLikelihood,
    "evaluate.pictures": EvaluatePictures,
    "render.adversarial": RenderAdversarial,
    "render.classifiers": RenderClassifiers,
    "render.likelihood": RenderLikelihood,
    "render.objectives": RenderObjectives,
}
SHARED = tuple(dict.fromkeys(name.partition(".")[0] for name in BLOCKS))
# Sections with a block for every member of the family.
SECTIONS = ("prepare", "train", "tune")


def signature(function: Callable[..., Any], base: type[Block] = Block) -> type[Block]:
    """The keyword-only arguments of `function` as a schema; each annotation carries its range.

    They come after the fields of `base`.

    Those that several functions share may stand in a `TypedDict`: `**options: Unpack[Options]`.
    """
    fields: Any = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            fields[parameter.name] = (parameter.annotation, ...)
        elif parameter.kind is parameter.VAR_KEYWORD:
            (shared,) = get_args(parameter.annotation)
            fields |= {
                n: (kind, ...) for n, kind in get_type_hints(shared, None, None, True).items()
            }
    return create_model(function.__qualname__, __base__=base, **fields)


def read(name: str, path: Path = PATH) -> Any:
    """Read and check the block `name`: `runtime`, `train.cvae`, `prepare.mnist`, ...

    Returns the block with its values as attributes. Raises `BadInput`, one line a mistake, naming
    the key, what was received and what is allowed.
    """
    # Auditing costs nothing and lets a test compare what a stage reads with what dvc.yaml says.
    sys.audit("generative.params.read", name)
    document = read_document(path)
    section, _, key = name.partition(".")
    block = document.get(section)
    if block is None:
        raise BadInput(f"{path}: the block {section} is missing; add it")
    if key:
        if key not in block:
            raise unknown(f"block of {path}", name, (f"{section}.{k}" for k in block))
        block = block[key]
    if name in BLOCKS:
        checked = check(path, name, BLOCKS[name], block)
    elif section == "prepare":
        dataset = find(DATASETS, "data set", key)
        return check(path, name, signature(dataset.prepare, Prepare), block)
    elif section == "train":
        checked = check(path, name, Train, block)
    elif section == "tune":
        checked = check(path, name, Tune, block)
    else:
        raise unknown("block", name, BLOCKS)
    for mistake in contradictions(name, checked, document, path):
        raise BadInput(f"{path}: {mistake}")
    return checked


def contradictions(
    name: str, block: Any, document: dict[str, Any], path: Path
) -> Iterator[str | BadInput]:
    """What is wrong between the values of a block whose types and ranges are right."""
    match block:
        case EvaluateLikelihood() if block.importance_components > block.importance_guides:
            yield (
                f"{name}.importance_components: received {block.importance_components}, "
                f"at most {name}.importance_guides, which is {block.importance_guides}"
            )
        case Ensemble():
            trained = document.get("train", {})
            for member in block.members:
                if trained.get(member, {}).get("family") != "classification":
                    known = [k for k, b in trained.items() if b.get("family") == "classification"]
                    yield f"{name}.members: {unknown('classifier', member, known)}"
            if block.features not in block.members:
                yield f"{name}.features: {unknown('member', block.features, block.members)}"
        case Train():
            if block.family == "adversarial":
                wanted = block.callbacks
                if block.keep == "best" or wanted.early_stopping or wanted.reduce_on_plateau:
                    yield (
                        f"{name}: needs keep: last, and neither early_stopping nor "
                        "reduce_on_plateau; no loss of two players says which epoch is best"
                    )
            elif block.callbacks.early_stopping and block.keep == "last":
                yield f"{name}.callbacks.early_stopping needs {name}.keep: best, received last"
            if block.dataset not in DATASETS:
                yield f"{name}.dataset: {unknown('data set', block.dataset, DATASETS)}"
            if block.network not in NETWORKS:
                yield f"{name}.network: {unknown('network', block.network, NETWORKS)}"
            dataset = find(DATASETS, "data set", block.dataset)
            check(path, f"{name}.data", signature(dataset.batches), block.data)
            network = find(NETWORKS, "network", block.network)
            check(path, f"{name}.model", signature(network.__init__), block.model)
            family = network.__base__.__module__.rpartition(".")[2]
            if block.family != family:
                yield f"{name}.family: received {block.family!r}, {block.network} is {family}"
            makes_pictures = hasattr(network, "snapshot")
            if block.snapshot_count and not makes_pictures:
                yield f"{name}.snapshot_count: must be 0, {block.network} makes no pictures"
            if not block.snapshot_count and makes_pictures:
                yield f"{name}.snapshot_count: received 0, the film needs 1 or more"
        case Tune():
            key = name.partition(".")[2]
            if key not in document.get("train", {}):
                yield f"{name}: {unknown('block of train', key, document.get('train', {}))}"
            base: Train = read(f"train.{key}", path)
            schema = signature(find(NETWORKS, "network", base.network).__init__)
            for argument, values in block.space.items():
                where = f"{name}.space.{argument}"
                if argument not in schema.model_fields:
                    yield f"{where}: {unknown('argument', argument, schema.model_fields)}"
                yield from values.contradictions(where)
                for end in values.ends():
                    tried = check(path, f"{name}.space", schema, {**base.model, argument: end})
                    whole = isinstance(values.low, int) and isinstance(values.high, int)
                    if whole and isinstance(getattr(tried, argument), float):
                        yield f"{where}: {values.low} to {values.high} are whole numbers; write .0"
            if base.family != "classification":
                yield f"{name}: searches are for classifiers, train.{key} is {base.family}"
            if block.train_count < base.batch_size:
                yield f"{name}.train_count: received {block.train_count}, less than one batch"


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
    known = {"profile", *SECTIONS, *SHARED}
    mistakes = [f"{path}: {unknown('block', name, known)}" for name in document.keys() - known]
    names = [*BLOCKS, *(f"{s}.{k}" for s in SECTIONS for k in document.get(s) or {})]
    for section in {name.partition(".")[0] for name in BLOCKS if "." in name}:
        inside = {name.partition(".")[2] for name in BLOCKS if name.startswith(f"{section}.")}
        for name in (document.get(section) or {}).keys() - inside:
            mistakes.append(f"{path}: {unknown(f'block of {section}', name, inside)}")
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
    """Merge the overlay `profile` into `path`, keeping its comments; the names that changed."""
    return change(read_document(profile), profile, path)


def change(overlay: dict[str, Any], source: Path, path: Path = PATH) -> list[str]:
    """Write the values of `overlay`, which come from `source`, into `path`; the changed names.

    The file is replaced only once the merged parameters have passed every check.
    """
    from ruamel.yaml import YAML

    style = YAML()
    style.preserve_quotes = True
    style.width = 100
    style.indent(mapping=2, sequence=4, offset=2)
    style.representer.add_representer(float, with_point)
    document = style.load(path.read_text(encoding="utf-8"))
    changed = merge(document, overlay, source)
    trial = path.with_name(path.name + ".new")
    try:
        with trial.open("w", encoding="utf-8") as file:
            style.dump(document, file)
        try:
            check_all(trial)
        except BadInput as error:
            raise BadInput(str(error).replace(str(trial), str(source))) from None
        trial.replace(path)
    finally:
        trial.unlink(missing_ok=True)
    return changed


def with_point(representer: Any, value: float) -> Any:
    """0.00003 as 3.0e-05: without the point other readers take it for a string."""
    text = repr(value)
    text = text if "." in text else text.replace("e", ".0e")
    return representer.represent_scalar("tag:yaml.org,2002:float", text)


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
