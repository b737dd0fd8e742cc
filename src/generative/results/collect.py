"""The results of a checkout, of a profile's workspace, or of a revision whose files DVC has."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError

from generative.core import history
from generative.core.errors import BadInput
from generative.core.params import flatten
from generative.results.records import MEASURING, Record, read
from generative.tracking import names

WORKSPACES = Path(".cache/profiles")
METRICS = "metrics.json"
# The folders of data/ that hold metrics of a trained model, by its key, and the stages they are of.
MEASURED = {
    "metrics": "evaluate",
    "image_quality": "image_quality",
    "disentanglement": "disentanglement",
}
Named = dict[str, Any]


def of(source: str) -> list[Record]:
    """The records of a results file or folder, of a checkout's folder, of a profile by its name, or
    of a revision of git. Raises `BadInput` if `source` is none of these or has no results."""
    if folder := folder_of(source):
        return known(of_checkout(folder), source)
    place = Path(source)
    if place.suffix == ".json" or place.is_dir():
        return read(place)
    return known(of_revision(source), source)


def folder_of(source: str) -> Path | None:
    """Of a checkout or, by its name, of a profile that was run; None of what is neither."""
    folders = (Path(source), WORKSPACES / source)
    return next((folder for folder in folders if (folder / "params.yaml").is_file()), None)


def known(records: list[Record], source: str) -> list[Record]:
    """`records`; raises `BadInput` if there are none."""
    if not records:
        raise BadInput(
            f"{source} has no results, or they are of an older version; run generative repro, or "
            "dvc pull"
        )
    return records


def of_checkout(folder: Path) -> list[Record]:
    """Of the files below `folder`/data; none where nothing was measured."""
    return checkout(folder).records()


def checkout(folder: Path) -> "Collection":
    """What lies in a folder with params.yaml, dvc.lock and data."""
    import fsspec

    commit = git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    files = fsspec.filesystem("local")
    return Collection(files, str(folder.absolute()), commit, str(folder))


def git(folder: Path, *arguments: str) -> str:
    """What git says in a folder; nothing where there is none."""
    command = ["git", "-C", str(folder), *arguments]
    with suppress(OSError, subprocess.CalledProcessError):
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return ""


def of_revision(revision: str) -> list[Record]:
    """Of what dvc.lock names there, from DVC's cache or remote."""
    with files_of(revision) as files:
        commit = files.repo.scm.resolve_rev(revision)
        return Collection(files, "", commit, revision).records()


@contextmanager
def files_of(revision: str) -> Iterator[Any]:
    """The file system of a revision. Raises `BadInput` where it is none, or while it is read, for
    files that DVC does not have."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from scmrepo.exceptions import SCMError

    try:
        with closing(DVCFileSystem(".", rev=revision)) as files:
            yield files
    except (SCMError, DvcException, FileNotFoundError) as error:
        raise BadInput(
            f"{revision}: neither results, a checkout, a profile that was run nor a revision whose "
            f"results DVC has ({error}); dvc fetch --all-commits gets those of a remote"
        ) from None


class Collection:
    """What lies below `root` in a file system of fsspec; `source` is its name in messages."""

    def __init__(self, files: Any, root: str, commit: str, source: str) -> None:
        self.files, self.root, self.commit, self.source = files, root, commit, source
        self.document = self.yaml("params.yaml")
        self.profile = str(self.document.get("profile", "default"))
        self.lock: Named = self.yaml("dvc.lock").get("stages") or {}

    def records(self) -> list[Record]:
        """Of every training, of the judge, of the known cases and of the pictures."""
        found: list[Record] = []
        for model in self.document.get("train") or {}:
            if self.exists("data", "history", model, history.MACHINE):
                try:
                    found += self.of_training(model)
                except (ValueError, KeyError, TypeError, AttributeError):
                    raise BadInput(
                        f"{self.source}: what was trained and measured of {model} was cut or "
                        "edited; dvc checkout"
                    ) from None
        if not found:
            return found
        # Whatever is measured is measured in float32.
        machine = {**found[0].machine, "precision": "float32"}
        for model, place, stage, section in apart(self.document):
            if self.exists("data", *place, METRICS) and stage in self.lock:
                parameters = flatten(self.parameters(stage).get(section) or {})
                metrics = {name_of(place[0], n): v for n, v in self.metrics(*place).items()}
                found.append(self.record(model, 0, machine, parameters, metrics))
        return found

    def of_training(self, model: str) -> Iterator[Record]:
        """The record of a training, if anything was measured of what it trained."""
        params = self.json("data", "history", model, history.PARAMETERS)
        parameters = names.parameters(params)
        metrics: Named = {}
        for kind, stage in MEASURED.items():
            name = f"{stage}@{model}"
            if self.exists("data", kind, model, METRICS) and self.is_of_model(name, model):
                metrics |= {name_of(kind, n): v for n, v in self.metrics(kind, model).items()}
                for section, values in self.parameters(name).items():
                    if section.startswith(MEASURING) and isinstance(values, dict):
                        parameters |= flatten(values, f"{section.partition('.')[0]}.")
        if metrics:
            machine = self.json("data", "history", model, history.MACHINE)
            yield self.record(model, parameters.pop("seed"), machine, parameters, metrics)

    def is_of_model(self, stage: str, model: str) -> bool:
        """Whether a stage measured the model that lies there now."""
        path = f"data/models/{model}"
        measured, trained = (
            {entry["path"]: entry.get("md5") for entry in self.lock.get(name, {}).get(kind, [])}
            for name, kind in ((stage, "deps"), (f"train@{model}", "outs"))
        )
        return path in measured and measured[path] == trained.get(path)

    def parameters(self, stage: str) -> Named:
        """What a stage ran with, section by section."""
        found: Named = (self.lock[stage].get("params") or {}).get("params.yaml") or {}
        return found

    def record(
        self, model: str, seed: int, machine: Named, parameters: Named, metrics: Named
    ) -> Record:
        return Record(
            model=model,
            seed=seed,
            profile=self.profile,
            commit=self.commit,
            date=datetime.now(UTC).date().isoformat(),
            machine=machine,
            parameters=parameters,
            metrics=metrics,
        )

    def metrics(self, kind: str, key: str) -> Named:
        """The numbers that a folder holds, by their path."""
        found = flatten(self.json("data", kind, key, METRICS))
        return {n: float(value) for n, value in found.items() if isinstance(value, int | float)}

    def exists(self, *parts: str) -> bool:
        return bool(self.files.exists(self.path(*parts)))

    def path(self, *parts: str) -> str:
        return "/".join(filter(None, (self.root, *parts)))

    def json(self, *parts: str) -> Any:
        with self.files.open(self.path(*parts), "r") as opened:
            return json.load(opened)

    def yaml(self, name: str) -> Named:
        """A mapping that lies at the root; nothing of a file that is not there."""
        if not self.exists(name):
            return {}
        try:
            with self.files.open(self.path(name), "r") as opened:
                found = YAML(typ="safe").load(opened.read())
        except (ValueError, YAMLError):
            found = None
        if not isinstance(found, dict):
            raise BadInput(f"{self.source}: {name} was cut or edited; git checkout {name}")
        return found


def name_of(kind: str, name: str) -> str:
    """As in MLflow, of a metric that a run has."""
    return names.result(kind, name) if kind in MEASURED else name


def apart(document: Named) -> Iterator[tuple[str, tuple[str, str], str, str]]:
    """What is measured and is no training of `train`: its name among the records, the kind and the
    key of its folder, its stage, and its section of params.yaml."""
    for key in document.get("judge") or {}:
        yield "judge", ("metrics", "judge"), f"evaluate_judge@{key}", "evaluate.classifiers"
    for kind in ("references", "style"):
        for key in document.get(kind) or {}:
            yield f"{kind}_{key}", (kind, key), f"{kind}@{key}", f"{kind}.{key}"
