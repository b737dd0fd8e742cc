"""How one block of `params.yaml` is read and checked.

Every number that changes a result stands in that file. Blocks are declared in `blocks`, a file for
each kind, so that a stage depends on those that it reads; what a model takes is the signature of
its constructor, and what a data set takes that of its `prepare` function.
"""

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from generative.blocks import BLOCKS
from generative.errors import BadInput, unknown
from generative.tables import find

PATH = Path("params.yaml")
# libyaml, where PyYAML was built with it, reads the same seven times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
# What a section that has a block for every member is called in the table of blocks.
EVERY = ".*"
SECTIONS = tuple(dict.fromkeys(name.partition(".")[0] for name in BLOCKS))


class Block(BaseModel):
    """A block of parameters: complete, typed, and nothing besides."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def written(self) -> dict[str, Any]:
        """The values as the file has them: what is left out there is left out here."""
        return self.model_dump(exclude_unset=True)

    @classmethod
    def schema_of(cls, name: str) -> "type[Block]":
        """What the block `name` is checked against."""
        return cls

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        """What is wrong between values whose types and ranges are right; `document` is all of
        `path`."""
        return iter(())


Read = TypeVar("Read", bound=Block)


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


def read(name: str, schema: type[Read], path: Path = PATH) -> Read:
    """Read and check the block `name`: `runtime`, `train.cvae`, `prepare.mnist`, ...

    Returns the block with its values as attributes. Raises `BadInput`, one line a mistake, naming
    the key, what was received and what is allowed.
    """
    # Auditing costs nothing and lets a test compare what a stage reads with what dvc.yaml says.
    sys.audit("generative.params.read", name)
    return read_block(name, schema, read_document(path), path)


def read_block(name: str, schema: type[Read], document: dict[str, Any], path: Path) -> Read:
    """The block `name` of `document`, which is all of `path`, as `read` gives it."""
    section, _, key = name.partition(".")
    block = document.get(section)
    if block is None:
        raise BadInput(f"{path}: the block {section} is missing; add it")
    if key:
        if key not in block:
            raise unknown(f"block of {path}", name, (f"{section}.{k}" for k in block))
        block = block[key]
    checked: Read = check(path, name, schema.schema_of(name), block)
    for mistake in checked.contradictions(name, document, path):
        raise BadInput(f"{path}: {mistake}")
    return checked


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
    known = {"profile", *SECTIONS}
    mistakes = [f"{path}: {unknown('block', name, known)}" for name in document.keys() - known]
    places: dict[str, str] = {}  # where the table of blocks has each name
    for place in BLOCKS:
        section = place.partition(".")[0]
        if place.endswith(EVERY):
            places |= {f"{section}.{key}": place for key in document.get(section) or {}}
        else:
            places[place] = place
    for section in SECTIONS:
        fixed = [name for name in places if name.startswith(f"{section}.")]
        inside = (
            [] if section in BLOCKS else [f"{section}.{key}" for key in document.get(section) or {}]
        )
        wrong = [name for name in inside if name not in fixed]
        mistakes += [f"{path}: {unknown('block', name, fixed)}" for name in wrong]
    for name, place in places.items():
        try:
            read_block(name, find(BLOCKS, "block", place), document, path)
        except BadInput as error:
            mistakes.append(str(error))
    if mistakes:
        raise BadInput("\n       ".join(mistakes))
    return list(places)


def read_document(path: Path = PATH) -> dict[str, Any]:
    """The whole of `path` as plain values, unchecked."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), LOADER)
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
