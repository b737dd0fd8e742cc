"""How a section of `params.yaml` is read, completed by what its family shares, and checked.

Every number that changes a result stands in that file. A section `train.<key>` or `style.<key>`
says what is its own; what it leaves out stands in `defaults.<family>` or `defaults.style`. The
schema of a section stands where it is read; what a network takes is the signature of its
constructor, and what a data set takes that of its `prepare` and `batches` functions.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import PydanticCustomError

from generative.core import inputs
from generative.core.errors import BadInput, shown, unknown

PATH = Path("params.yaml")
DEFAULTS = "defaults"
# Sections that are lists of names.
LISTS = ("fetch", "vgg")
# What sections of `train` say that others have to repeat.
REPEATED = ("family", "network", "dataset")
FLAT = ("runtime", "study", "profile", *LISTS)  # sections without keys

# A key becomes the name of a stage and of folders.
KEY = re.compile(r"[a-z][a-z0-9_]*")

Count = Annotated[int, Field(ge=1, lt=2**31)]
NonNegative = Annotated[int, Field(ge=0, lt=2**31)]
Seed = NonNegative
# Of a term of a loss, which is float32: with a weight of 1e308 no value of it is finite.
Weight = Annotated[float, Field(ge=0, le=1e12)]


def all_different(values: list[Any]) -> list[Any]:
    """`values`; an error of pydantic's where two are equal."""
    if len({(type(value), repr(value)) for value in values}) < len(values):
        raise PydanticCustomError("equal", "different values")
    return values


Different = AfterValidator(all_different)  # of a list


class Schema(BaseModel):
    """What a section is checked against: complete, typed, and nothing besides."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    def written(self) -> dict[str, Any]:
        """The values that the file gives: what is left out there is left out here."""
        return self.model_dump(exclude_unset=True)

    @classmethod
    def schema_of(cls, name: str, values: Any) -> "type[Schema]":
        """What the section `name`, which holds `values`, is checked against."""
        return cls

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        """What is wrong between values whose types and ranges are right; `document` is all of
        `path`."""
        return iter(())


class OfModel(Schema):
    """A section `<top>.<key>` of a model that `train.<key>` trains. What it has of `REPEATED` it
    repeats from there, for dvc.yaml, which can look nothing up."""

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        key = name.partition(".")[2]
        models = document.get("train") or {}
        if key not in models:
            yield f"{name}: {unknown('section of train', key, models)}"
            return
        trained = models[key]
        for field in REPEATED:
            own = getattr(self, field, None)
            if own is not None and own != trained.get(field):
                yield (
                    f"{name}.{field}: received {own}, must be that of train.{key}, which is "
                    f"{trained.get(field)}"
                )


Read = TypeVar("Read", bound=Schema)


def signature(function: Callable[..., Any], base: type[Schema] = Schema) -> type[Schema]:
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
    """Read, complete and check the section `name`: `runtime`, `train.cvae`, `prepare.mnist`, ...

    Returns the section with its values as attributes. Raises `BadInput`, one line a mistake, naming
    the key, what was received and what is allowed.
    """
    document = read_document(path)
    # Auditing costs nothing and lets a test compare what a stage reads with what dvc.yaml says.
    sys.audit("generative.params.read", name)
    if shared := defaults_of(name, document):
        sys.audit("generative.params.read", shared)
    return read_section(name, schema, document, path)


def read_section(name: str, schema: type[Read], document: dict[str, Any], path: Path) -> Read:
    """The section `name` of `document`, which is all of `path`, as `read` gives it."""
    values = section(name, document, path)
    checked: Read = check(name, schema.schema_of(name, values), values, path)
    for mistake in checked.contradictions(name, document, path):
        raise BadInput(f"{path}: {mistake}")
    return checked


def section(name: str, document: dict[str, Any], path: Path = PATH) -> Any:
    """The values of the section `name`, over those of its defaults."""
    top, _, key = name.partition(".")
    values = document.get(top)
    if values is None:
        raise BadInput(f"{path}: the section {top} is missing; add it")
    if key:
        if not KEY.fullmatch(key):
            raise BadInput(
                f"{path}: {top}: the key {key!r} must be small letters, digits and _, a letter "
                "first"
            )
        if not isinstance(values, dict) or key not in values:
            raise unknown(f"section of {path}", name, (f"{top}.{k}" for k in values))
        values = values[key]
    shared = defaults_of(name, document)
    if not shared or not isinstance(values, dict):
        return values
    _, _, family = shared.partition(".")
    return fold((document.get(DEFAULTS) or {}).get(family) or {}, values)


def defaults_of(name: str, document: dict[str, Any]) -> str:
    """The section that completes the section `name`; empty where nothing does."""
    top, _, key = name.partition(".")
    family = "style" if top == "style" else ""
    if top == "train":
        own = (document.get("train") or {}).get(key)
        family = own.get("family", "") if isinstance(own, dict) else ""
    return f"{DEFAULTS}.{family}" if key and family else ""


def fold(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The values of `own` over those of `shared`, mapping by mapping; None takes an inherited value
    away, and an object of Keras, which has a `class_name`, takes another's place as a whole."""
    folded = dict(shared)
    for name, value in own.items():
        inherited = folded.get(name)
        if isinstance(inherited, Mapping) and is_section(value):
            folded[name] = fold(inherited, value)
        elif value is None and name in shared:
            del folded[name]
        else:
            folded[name] = value
    return folded


def is_section(value: Any) -> bool:
    """Whether `value` is a mapping of parameters, not one object of Keras."""
    return isinstance(value, Mapping) and "class_name" not in value


def sections(top: str, path: Path = PATH) -> dict[str, Any]:
    """All sections under `top`, completed and unchecked, to be shown and not used."""
    sys.audit("generative.params.read", top)
    document = read_document(path)
    return {key: section(f"{top}.{key}", document, path) for key in document.get(top) or {}}


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} as {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """{"a.b": 1} as {"a": {"b": 1}}."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *outer, last = name.split(".")
        inside = nested
        for part in outer:
            inside = inside.setdefault(part, {})
        inside[last] = value
    return nested


def read_document(path: Path = PATH) -> dict[str, Any]:
    """The whole of `path` as plain values, unchecked."""
    document = inputs.yaml(path, "run this in the project's folder")
    if not isinstance(document, dict):
        raise BadInput(f"{path} must hold sections of parameters, received {shown(document)}")
    for mistake in misshapen(document):
        raise BadInput(f"{path}: {mistake}")
    return document


def misshapen(document: dict[str, Any]) -> Iterator[str]:
    """What is no mapping where all that reads parameters takes one; None stands for nothing."""
    for top, values in document.items():
        if values is None or top == "profile":
            continue
        if top in LISTS:
            if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
                yield f"{top}: received {shown(values)}, must be a list of names"
        elif not isinstance(values, dict):
            yield f"{top}: received {shown(values)}, must hold parameters"
        elif top not in FLAT:
            for key, own in values.items():
                if own is not None and not isinstance(own, dict):
                    near = get_close_matches(top, FLAT, n=1)
                    hint = f"; did you mean {near[0]}?" if near else ""
                    yield f"{top}.{key}: received {shown(own)}, must hold parameters{hint}"
                elif own and not isinstance(own.get("family", ""), str):
                    yield f"{top}.{key}.family: received {shown(own['family'])}, must be a name"


def check(name: str, schema: type[Schema], values: Any, path: Path = PATH) -> Any:
    """`values` of the section `name` as an instance of `schema`, or `BadInput` with one line a
    mistake."""
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        lines = [f"{path}: {explain(name, schema, mistake)}" for mistake in error.errors()]
        raise BadInput("\n       ".join(lines)) from None


def explain(name: str, schema: type[Schema], mistake: Any) -> str:
    """One line for one of pydantic's errors."""
    *_, last = mistake["loc"] or ("",)
    key = ".".join([name, *map(str, mistake["loc"])])
    if mistake["type"] == "missing":
        return f"{key} is missing; add it"
    if mistake["type"] == "extra_forbidden":
        return f"{key}: {unknown('parameter', str(last), schema.model_fields)}"
    received = mistake["input"]
    advice = ""
    if received in ("yes", "no", "on", "off") and "bool" in mistake["type"]:
        advice = "; write true or false"
    rule = mistake["msg"].removeprefix("Input should be ")
    return f"{key}: received {shown(received)}, must be {rule}{advice}"
