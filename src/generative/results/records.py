"""What trainings came to, seed by seed: `results/records/<model>.json`, which is in git."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from generative.core import inputs
from generative.core.errors import BadInput
from generative.core.folders import atomic_file, write_json
from generative.core.params import Schema, Seed, check

FOLDER = Path("results/records")
# Parameters of what measures a model, which has no part in its training.
MEASURING = ("evaluate.", "references.", "disentanglement.")
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
        """What is trained and measured, with which seed."""
        return self.model, self.profile, self.seed, sorted(self.parameters.items(), key=str)

    @property
    def measuring(self) -> dict[str, Any]:
        """The parameters of what measures."""
        return {n: v for n, v in self.parameters.items() if n.startswith(MEASURING)}

    @property
    def pooled(self) -> dict[str, Any]:
        """The parameters that trainings share which differ in the seed alone."""
        own = self.parameters.items()
        return {n: v for n, v in own if n != "precision" and not n.startswith("runtime.")}

    @property
    def precision(self) -> str:
        return str(self.machine["precision"])


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
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{file} was cut or edited: {error}; git checkout {file}") from None
        found: File = check("results", File, content, file)
        for record in found.records:
            if record.model != file.stem:
                raise BadInput(f"{file}: results.model: received {record.model!r}, the file's name")
            if "precision" not in record.machine:
                raise BadInput(f"{file}: results.machine.precision is missing; git checkout {file}")
        records += found.records
    return records


def committed(folder: Path = FOLDER) -> list[Record]:
    """As `read`, but none where there are none yet."""
    return read(folder) if list(folder.glob("*.json")) else []


def by_model(records: Iterable[Record]) -> dict[str, list[Record]]:
    """The records of each model."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.model, []).append(record)
    return found


def add(
    new: Iterable[Record], folder: Path = FOLDER, replace: bool = False
) -> Mapping[Path, tuple[int, int]]:
    """Write each record to its model's file, in the place of an older one of the same training on
    the same machine; what has the numbers that it had stays as it is. The files that were written,
    with how many records each has and how many were taken out.

    Records of one profile in a file are of one training: others are taken out if `replace`,
    otherwise `BadInput` is raised before anything is written.
    """
    written: dict[Path, tuple[int, int]] = {}
    contents: dict[Path, list[Record]] = {}
    for model, own in sorted(by_model(new).items()):
        file = folder / f"{model}.json"
        known = read(file) if file.exists() else []
        others = [old for old in known if any(differ(old, record) for record in own)]
        if others and not replace:
            raise BadInput(
                f"{file} has {len(others)} records of another training or measured in another way "
                f"({difference(others[0], own[0])}); --replace takes them out"
            )
        kept = [old for old in known if old not in others]
        fresh = [record for record in own if not any(same(old, record) for old in kept)]
        kept = [old for old in kept if not any(old.is_of(record) for record in fresh)]
        if fresh:
            contents[file] = sorted([*kept, *fresh], key=lambda r: (r.profile, r.seed, r.date))
            written[file] = (len(contents[file]), len(known) - len(kept))
    folder.mkdir(parents=True, exist_ok=True)
    for file, records in contents.items():
        with atomic_file(file) as part:
            write_json(part, File(version=1, records=records).model_dump())
    return written


def differ(one: Record, other: Record) -> bool:
    """Whether two records of a profile are of different trainings, or measured differently."""
    return one.profile == other.profile and one.pooled != other.pooled


def same(one: Record, other: Record) -> bool:
    """Whether two records say the same of the same training."""
    return one.is_of(other) and one.metrics == other.metrics


def difference(one: Record, other: Record) -> str:
    """The first parameter in which two records differ, in words."""
    mine, theirs = one.pooled, other.pooled
    name = next(n for n in sorted(mine.keys() | theirs.keys()) if mine.get(n) != theirs.get(n))
    return f"{name}: {mine.get(name, 'none')}, now {theirs.get(name, 'none')}"
