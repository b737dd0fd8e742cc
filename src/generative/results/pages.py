"""What is written of the committed records: a page a model, medians, and tables in documents."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import yaml

from generative.core import inputs
from generative.core.errors import BadInput, unknown
from generative.core.folders import atomic_file
from generative.results.records import Record, by_model
from generative.results.tables import TABLES, cell, table, values_of

DOCUMENTS = ("README.md", "docs/*.md")
# Up to its own end, not to that of another table.
MARKED = re.compile(
    r"(<!-- results: (\w+) -->\n)((?:(?!<!-- (?:results|end)).)*)(<!-- end -->)", re.DOTALL
)
MARKER = re.compile(r"<!--\s*(?:results\b|end\s*-->)")
# All medians in one file, whose changes git shows.
MEDIANS = "medians.yaml"


def made(records: Sequence[Record], folder: Path, project: Path) -> Iterator[tuple[Path, str]]:
    """Each file that is written of `records`, in `folder` and in the documents of `project`, and
    what it holds. Raises `BadInput` for a marker of a table that there is none of."""
    found = values_of(records)
    for model, own in by_model(records).items():
        yield folder / f"{model}.md", page(model, own)
    medians = {
        model: {name: float(np.median(values)) for name, values in sorted(own.items())}
        for model, own in sorted(found.items())
    }
    yield folder / MEDIANS, yaml.safe_dump(medians, sort_keys=False)
    tables = {name: make(records) for name, make in TABLES.items()}
    for pattern in DOCUMENTS:
        for file in sorted(project.glob(pattern)):
            yield file, filled(inputs.text(file), file, tables)


def filled(text: str, file: Path, tables: dict[str, str]) -> str:
    """`text` with each table between its markers; `BadInput` where a marker is lost."""

    def replaced(marked: re.Match[str]) -> str:
        start, name, _, end = marked.groups()
        if name not in tables:
            raise BadInput(f"{file}: {unknown('table', name, tables)}")
        return f"{start}\n{tables[name]}\n\n{end}"

    if len(MARKER.findall(text)) != 2 * len(MARKED.findall(text)):
        raise BadInput(
            f"{file}: each table stands between <!-- results: NAME --> and <!-- end -->, each on a "
            "line of its own; one of them is missing"
        )
    return MARKED.sub(replaced, text)


def page(model: str, records: Sequence[Record]) -> str:
    """Every number of a model: a column a training, and the median and range of them."""
    parts = [f"# {model}\n\n`generative results write` made this page of `{model}.json`.\n"]
    groups: dict[str, list[Record]] = {}
    for record in records:
        machine = ", ".join(f"{name} {value}" for name, value in record.machine.items())
        groups.setdefault(f"Profile {record.profile}; {machine}:", []).append(record)
    for title, own in groups.items():
        parts.append(f"\n{title}\n\n")
        names = dict.fromkeys(name for record in own for name in record.metrics)
        seeds = [f"seed {record.seed}" for record in own]
        rows = (
            [
                name,
                *(cell([r.metrics[name]] if name in r.metrics else None, ".4g") for r in own),
                cell([r.metrics[name] for r in own if name in r.metrics], ".4g"),
            ]
            for name in names
        )
        parts.append(f"{table(['metric', *seeds, 'median (range)'], rows)}\n")
    return "".join(parts)


def changes(records: Sequence[Record], folder: Path, project: Path) -> dict[Path, str]:
    """What is made of `records`, by the files that do not hold it."""
    return {
        file: text
        for file, text in made(records, folder, project)
        if not file.exists() or inputs.text(file) != text
    }


def outdated(records: Sequence[Record], folder: Path, project: Path) -> list[Path]:
    """The files that do not hold what is made of `records`."""
    return list(changes(records, folder, project))


def write(records: Sequence[Record], folder: Path, project: Path) -> list[Path]:
    """Write what differs; its files."""
    found = changes(records, folder, project)
    for file, text in found.items():
        with atomic_file(file) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
    return list(found)
