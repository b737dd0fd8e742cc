"""What trainings came to, seed by seed: `results/<model>.json`, which is in git."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from generative.core import inputs
from generative.core.errors import BadInput
from generative.core.folders import atomic_file, write_json
from generative.core.params import Schema, Seed, check

FOLDER = Path("results")
# Parameters that trainings which are pooled may differ in.
APART = ("runtime.", "evaluate.", "references.", "disentanglement.")
Value = str | int | float | bool


class Record(Schema):
    """One training and what was measured of it; or the judge, a data set's known cases
    (`references_<dataset>`) or a picture (`style_<key>`).

    seed: of the training, 0 of what has none. profile: of params.yaml. commit: of the code, empty
    without git; date: of the record, ISO. machine: what decides the last bits, as
    `data/history/<model>/machine.json` has it. parameters: of the training and of what measures it,
    by their path. metrics: finite numbers, by the names of MLflow.
    """

    model: str
    seed: Seed
    profile: str
    commit: str
    date: str
    machine: dict[str, Value]
    parameters: dict[str, Any]
    metrics: dict[str, float]

    def is_of(self, other: "Record") -> bool:
        """Whether both must have the same numbers: one machine, parameters and seed."""
        return self.key == other.key and self.machine == other.machine

    @property
    def key(self) -> tuple[Any, ...]:
        """What is trained, with which seed."""
        return self.model, self.profile, self.seed, sorted(self.parameters.items(), key=str)

    @property
    def trained(self) -> dict[str, Any]:
        """The parameters without those of the machine and of what measures."""
        own = self.parameters.items()
        return {n: v for n, v in own if n != "precision" and not n.startswith(APART)}


class File(Schema):
    """All records of a model."""

    version: Literal[1]
    records: list[Record]


def read(place: Path) -> list[Record]:
    """The records in a file, or in all files of a folder.

    Raises `BadInput`, a line a mistake, where there are none, for another version, and for what was
    cut or edited: what is missing, of another type, or no finite number.
    """
    files = sorted(place.glob("*.json")) if place.is_dir() else [place]
    if not files or not files[0].is_file():
        raise BadInput(f"{place} holds no results; generative results add writes some")
    records: list[Record] = []
    for file in files:
        try:
            content = json.loads(inputs.text(file))
        except ValueError as error:
            raise BadInput(f"{file} was cut or edited: {error}; git checkout {file}") from None
        found: File = check("results", File, content, file)
        for record in found.records:
            if record.model != file.stem:
                raise BadInput(f"{file}: results.model: received {record.model!r}, the file's name")
        records += found.records
    return records


def add(new: Iterable[Record], folder: Path = FOLDER) -> list[Path]:
    """Write each record to its model's file, in the place of an older one of the same training on
    the same machine, and of all those of other parameters; the files that were written."""
    folder.mkdir(exist_ok=True)
    by_model: dict[str, list[Record]] = {}
    for record in new:
        by_model.setdefault(record.model, []).append(record)
    written = []
    for model, own in sorted(by_model.items()):
        file = folder / f"{model}.json"
        kept = read(file) if file.exists() else []
        kept = [old for old in kept if not any(replaces(record, old) for record in own)]
        records = sorted([*kept, *own], key=lambda r: (r.profile, r.seed, r.date))
        with atomic_file(file) as part:
            write_json(part, File(version=1, records=records).model_dump())
        written.append(file)
    return written


def replaces(new: Record, old: Record) -> bool:
    """Whether `old` is of the same training, or of what is not trained any more."""
    if new.profile != old.profile:
        return False
    same = (new.seed, new.machine) == (old.seed, old.machine)
    return same or new.trained != old.trained
