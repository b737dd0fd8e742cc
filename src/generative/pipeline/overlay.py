"""Values written into params.yaml: a profile, or what a search found."""

from pathlib import Path
from typing import Any

from generative.core import inputs
from generative.core.errors import BadInput, shown, unknown
from generative.core.folders import atomic_file
from generative.core.params import PATH, defaults_of, flatten, is_section, read_document, section
from generative.pipeline.check import SCHEMAS, check_all, find

OTHERS = "others"


def use(profile: Path, path: Path = PATH, checked: bool = True) -> list[str]:
    """Merge the overlay `profile` into `path`, keeping its comments; the names that changed."""
    return change(read_document(profile), profile, path, checked)


def change(
    overlay: dict[str, Any], source: Path, path: Path = PATH, checked: bool = True
) -> list[str]:
    """Write the values of `overlay`, which come from `source`, into `path`; the changed names.

    None takes a section or a value away, or an inherited value; a model that the file lacks is
    added if its section names its network. The file is replaced only once the
    merged parameters have passed every check, which imports every family, if `checked`.
    """
    from ruamel.yaml import YAML

    style = YAML()
    style.preserve_quotes = True
    style.width = 1000  # lines stay as they are
    style.indent(mapping=2, sequence=4, offset=2)
    style.representer.add_representer(float, with_point)
    style.representer.add_representer(type(None), null)
    before = read_document(path)
    document = style.load(inputs.text(path))
    changed = merge(document, overlay, source, before)
    with atomic_file(path) as trial:
        with trial.open("w", encoding="utf-8") as file:
            style.dump(document, file)
        try:
            if checked:
                check_all(trial)
        except BadInput as error:
            raise BadInput(str(error).replace(str(trial), str(source))) from None
    return changed


def with_point(representer: Any, value: float) -> Any:
    """0.00003 as 3.0e-05: without the point other readers take it for a string."""
    text = repr(value)
    text = text if "." in text else text.replace("e", ".0e")
    return representer.represent_scalar("tag:yaml.org,2002:float", text)


def null(representer: Any, _: None) -> Any:
    """Written out: a name with nothing after it looks like a section."""
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")


def merge(
    document: Any, overlay: dict[str, Any], source: Path, before: dict[str, Any], prefix: str = ""
) -> list[str]:
    """Write the values of `overlay` over those of `document`, in place; the changed names.

    before: all of the file as it was. A name that it lacks may be one that the section inherits.
    `others: null` takes away what a section has besides the names beside it.
    """
    changed = []
    if OTHERS in overlay:
        if overlay[OTHERS] is not None:
            found = shown(overlay[OTHERS])
            raise BadInput(f"{source}: {prefix}{OTHERS}: received {found}, must be null")
        named = {key: value for key, value in overlay.items() if key != OTHERS}
        overlay = dict.fromkeys(key for key in document if key not in named) | named
    for key, value in overlay.items():
        name = f"{prefix}{key}"
        inside = is_section(value) and isinstance(document.get(key), dict)
        if key not in document and not inherited(name, before):
            if value is None:
                continue  # it is gone already
            if not (is_model(name, value) or is_optional(name)):
                others = (prefix + k for k in document)
                raise BadInput(f"{source}: {unknown('parameter', name, others)}")
        if value is None and key in document:
            del document[key]
            changed.append(name)
        elif inside:
            changed += merge(document[key], value, source, before, f"{name}.")
        elif key not in document or document[key] != value:
            document[key] = value
            changed.append(name)
    return changed


def is_model(name: str, value: Any) -> bool:
    """Whether `value` is a whole section of one more model, not some values of a misspelt one."""
    top, _, key = name.partition(".")
    whole = isinstance(value, dict) and "network" in value
    return top in ("train", "generators", "browser") and "." not in key and whole


def is_optional(name: str) -> bool:
    """Whether `name` is a parameter that its section may leave out, such as
    train.cvae.steps_per_epoch."""
    top, key, leaf = [*name.split(".", 2), "", ""][:3]
    if not (place := SCHEMAS.get(f"{top}.*")) or not key:
        return False
    field = find(place).model_fields.get(leaf)
    return field is not None and not field.is_required()


def inherited(name: str, document: dict[str, Any]) -> bool:
    """Whether `name`, such as train.cvae.batch_size, comes from the section's defaults."""
    top, key, *leaf = [*name.split(".", 2), ""][:3]
    if not (leaf and leaf[0] and defaults_of(f"{top}.{key}", document)):
        return False
    known = flatten(section(f"{top}.{key}", document))
    return any(n == leaf[0] or n.startswith(f"{leaf[0]}.") for n in known)
