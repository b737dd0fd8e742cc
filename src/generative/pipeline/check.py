"""Every section of params.yaml, checked before anything runs."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from generative.core import members, params
from generative.core.errors import BadInput, shown, unknown
from generative.core.params import DEFAULTS, PATH, Schema
from generative.datasets.base.schema import Prepare
from generative.datasets.sources.schema import read_source

# Where the schema of a section stands; `*` is any key.
SCHEMAS = {
    "runtime": "core.runtime:Runtime",
    "study": "results.study:Study",
    "prepare.*": "datasets.base.schema:Prepare",
    "train.*": "training.schema:Train",
    "judge.*": "classifiers.judge:JudgeOptions",
    "references.*": "image_quality.references:References",
    "generators.*": "image_quality.generators:Generator",
    "disentanglement.*": "gan.disentanglement.schema:Disentanglement",
    "repeat.*": "gan.disentanglement.repeat:Repeat",
    "objectives.*": "gan.objectives:Objectives",
    "tune.*": "tuning.schema:Tune",
    "style.*": "style.schema:Style",
    "browser.*": "browser.schema:Browser",
}
MOST_NAMED = 5  # characters of a prompt
LONGEST_LINE = 1000  # characters of a mistake, whatever value it quotes
# Values that are files or folders.
INPUTS = {"prepare": ["raw"], "style": ["content", "style"]}
PER_FAMILY = {"evaluate": "Evaluate", "render": "Render"}
# Sections that are not checked against a schema.
OTHERS = {"profile", "fetch", "vgg", DEFAULTS, *PER_FAMILY}


def shortened(line: str) -> str:
    """A line, or its beginning."""
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..."


def check_all(path: Path = PATH) -> list[str]:
    """Check every section of `path`; their names, or `BadInput` with every mistake."""
    document = params.read_document(path)
    known = OTHERS | {name.partition(".")[0] for name in SCHEMAS}
    mistakes = [f"{path}: {unknown('section', n, known)}" for n in document.keys() - known]
    mistakes += [f"{path}: {mistake}" for mistake in unknown_sources(document)]
    mistakes += [f"{path}: {mistake}" for mistake in unknown_families(document)]
    # Before the schemas, which look into each other's sections.
    empty = [
        f"{path}: {top}.{key}: received None, must hold parameters; add some or take it away"
        for top, values in document.items()
        if f"{top}.*" in SCHEMAS and values
        for key, own in values.items()
        if own is None
    ]
    checked = []
    for name, schema in () if empty else schemas(document):
        checked.append(name)
        try:
            params.read_section(name, schema(), document, path)
        except BadInput as error:
            mistakes.append(str(error))
    if mistakes or empty:
        lines = "\n       ".join([*mistakes, *empty]).splitlines()
        raise BadInput("\n".join(shortened(line) for line in lines))
    return checked


def schemas(document: dict[str, Any]) -> Iterator[tuple[str, Callable[[], type[Schema]]]]:
    """The sections of `document`, each with what imports its schema."""
    for name, place in SCHEMAS.items():
        top, _, star = name.partition(".")
        keys = document.get(top) or {}
        for key in keys if star else [""]:
            yield (f"{top}.{key}" if star else top), partial(find, place)
    for top, schema in PER_FAMILY.items():
        for family in document.get(top) or {}:
            if family in members.families():
                yield f"{top}.{family}", partial(of_family, family, top, schema)


def find(place: str) -> type[Schema]:
    module, _, name = place.partition(":")
    schema: type[Schema] = getattr(import_module(f"generative.{module}"), name)
    return schema


def of_family(family: str, name: str, schema: str) -> type[Schema]:
    found: type[Schema] = getattr(members.part(family, name), schema)
    return found


def unknown_sources(document: dict[str, Any]) -> Iterator[str]:
    """Keys under `fetch` that nothing is pinned for."""
    for key in document.get("fetch") or []:
        try:
            read_source(str(key))
        except BadInput as error:
            yield f"fetch: {error}"


def unknown_families(document: dict[str, Any]) -> Iterator[str]:
    """Sections of families that there are none of, and families without their sections."""
    used = {model.get("family") for model in (document.get("train") or {}).values() if model}
    for top in (DEFAULTS, *PER_FAMILY):
        known = [*members.families(), *(["style"] if top == DEFAULTS else [])]
        for name in document.get(top) or {}:
            if name not in known:
                yield str(unknown("section", f"{top}.{name}", (f"{top}.{k}" for k in known)))
        for family in sorted(used & set(members.families()) - set(document.get(top) or {})):
            yield f"the section {top}.{family} is missing: models of that family need it; add it"


def missing_files(document: dict[str, Any]) -> Iterator[str]:
    """Inputs that neither lie there nor are fetched."""
    fetched = [Path("data/raw") / str(key) for key in document.get("fetch") or []]
    for top, names in INPUTS.items():
        for key, section in (document.get(top) or {}).items():
            for name in names:
                received = section.get(name) if isinstance(section, dict) else None
                if not isinstance(received, str):
                    continue
                file = Path(received)
                if not file.exists() and not {file, *file.parents} & set(fetched):
                    yield f"{top}.{key}.{name}: received {received}, which is not there"


def lacking_characters(document: dict[str, Any]) -> Iterator[str]:
    """What the prompt has and a text lacks, of the texts that are there: a model of it cannot go on
    from such a prompt, which would be known after the training."""
    prompt = ((document.get("render") or {}).get("text") or {}).get("prompt") or ""
    models = (document.get("train") or {}).values()
    for key in sorted({own["dataset"] for own in models if prompt and own["family"] == "text"}):
        options = params.read_section(f"prepare.{key}", Prepare, document, PATH).model_dump()
        raw = Path(options["raw"])
        if raw.exists():
            text = members.dataset(key).read_text(raw, options["case"])
            if lacking := sorted(set(prompt) - set(text)):
                yield (
                    f"render.text.prompt: received {shown(prompt)}; prepare.{key} makes no "
                    f"{', '.join(map(repr, lacking[:MOST_NAMED]))} of {raw}; write others, "
                    "or null for a line of the text"
                )


def undeclared(document: dict[str, Any], pipeline: Path = Path("dvc.yaml")) -> Iterator[str]:
    """Models that `judge` and `objectives` name and dvc.yaml does not, and the other way round."""
    stages = yaml.safe_load(pipeline.read_text(encoding="utf-8"))["stages"]
    judges, objectives = (document.get(top) or {} for top in ("judge", "objectives"))
    named = [
        *(("judge", [*own["members"], own["features"]]) for own in judges.values()),
        *(("objectives", list(own["models"].values())) for own in objectives.values()),
    ]
    for stage, keys in named:
        deps = [str(dep) for dep in stages[stage]["do"]["deps"]]
        declared = sorted(d.rpartition("/")[2] for d in deps if d.startswith("data/models/"))
        if declared != sorted({*keys}):
            yield (
                f"{stage}: received the models {', '.join(dict.fromkeys(keys))}; "
                f"the stage {stage} of {pipeline} depends on {', '.join(declared)}: "
                "change one of them"
            )
