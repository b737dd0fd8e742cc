"""The results of a checkout, of a profile's workspace, or of a revision whose files DVC has."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from generative.core import history
from generative.core.errors import BadInput
from generative.core.params import flatten, section
from generative.results.records import Record, read
from generative.tracking import names

# The folders of data/ that hold metrics of a trained model, by its key.
MEASURED = ("metrics", "image_quality", "disentanglement")
METRICS = "metrics.json"
Named = dict[str, Any]
WORKSPACES = Path(".cache/profiles")


def of(source: str) -> list[Record]:
    """The records of a results file or folder, of a checkout's folder, of a profile by its name, or
    of a revision of git. Raises `BadInput` if `source` is none of these or has no results."""
    place = Path(source)
    if place.suffix == ".json" or (place.is_dir() and list(place.glob("*.json"))):
        return read(place)
    for folder in (place, WORKSPACES / source):
        if (folder / "params.yaml").is_file():
            return of_checkout(folder)
    return of_revision(source)


def of_checkout(folder: Path) -> list[Record]:
    """Of the files below `folder`/data."""
    import fsspec

    commit = ""
    with suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        commit = done.stdout.strip()
    return collect(fsspec.filesystem("local"), str(folder.absolute()), commit, str(folder))


def of_revision(revision: str) -> list[Record]:
    """Of what dvc.lock names there, from DVC's cache or remote."""
    from dvc.api import DVCFileSystem
    from dvc.exceptions import DvcException
    from scmrepo.exceptions import SCMError

    try:
        files = DVCFileSystem(".", rev=revision)
        commit = files.repo.scm.resolve_rev(revision)
        return collect(files, "", commit, revision)
    except (SCMError, DvcException, FileNotFoundError) as error:
        raise BadInput(
            f"{revision}: neither results, a checkout, a profile that was run nor a revision whose "
            f"results DVC has ({error}); dvc fetch --all-commits gets those of a remote"
        ) from None


def collect(files: Any, root: str, commit: str, source: str) -> list[Record]:
    """The records of every training below `root` in a file system of fsspec, of the judge, of the
    known cases and of the pictures."""

    def path(*parts: str) -> str:
        return "/".join(filter(None, (root, *parts)))

    def content(*parts: str) -> Any:
        with files.open(path(*parts), "r") as opened:
            return json.load(opened)

    def record(
        model: str, seed: int, machine: Named, parameters: Named, *measured: tuple[str, str]
    ) -> Record:
        """measured: folders of metrics, a kind and a key."""
        metrics = {
            name_of(kind, name): float(value)
            for kind, key in measured
            if files.exists(path("data", kind, key, METRICS))
            for name, value in flatten(content("data", kind, key, METRICS)).items()
            if isinstance(value, int | float)
        }
        return Record(
            model=model,
            seed=seed,
            profile=str(document.get("profile", "default")),
            commit=commit,
            date=datetime.now(UTC).date().isoformat(),
            machine=machine,
            parameters=parameters,
            metrics=metrics,
        )

    if not files.exists(path("data", "history")):
        raise BadInput(f"{source} has no results; run generative repro, or dvc pull")
    with files.open(path("params.yaml"), "r") as opened:
        document = YAML(typ="safe").load(opened.read())
    records = []
    listed = files.ls(path("data", "history"), detail=False)
    for model in sorted(str(name).rstrip("/").rpartition("/")[2] for name in listed):
        if files.exists(path("data", "history", model, history.MACHINE)):
            params = content("data", "history", model, history.PARAMETERS)
            own = params["train"][model]
            parameters = names.parameters(params | measuring(document, model, own))
            seed = parameters.pop("seed")
            machine = content("data", "history", model, history.MACHINE)
            measured = [(kind, model) for kind in MEASURED]
            records.append(record(model, seed, machine, parameters, *measured))
    # The rest is measured in float32, on the machine of the trainings.
    machine = next((r.machine for r in records if r.machine["precision"] == "float32"), {})
    for model, place, name in apart(document):
        if machine and files.exists(path("data", *place, METRICS)):
            records.append(record(model, 0, machine, flatten(section(name, document)), place))
    return records


def apart(document: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str], str]]:
    """What is measured and is no training of `train`: its name among the records, the kind and the
    key of its folder, and its section of params.yaml."""
    for key in document.get("judge") or {}:
        yield "judge", ("metrics", "judge"), f"judge.{key}"
    for kind in ("references", "style"):
        for key in document.get(kind) or {}:
            yield f"{kind}_{key}", (kind, key), f"{kind}.{key}"


def name_of(kind: str, name: str) -> str:
    """As in MLflow, of what is there a metric of a model."""
    return names.result(kind, name) if kind in MEASURED else name


def measuring(document: dict[str, Any], model: str, train: dict[str, Any]) -> dict[str, Any]:
    """The sections of params.yaml that say how a model is measured, nested as they are there."""
    keys = {
        "evaluate": train.get("family"),
        "references": train.get("dataset"),
        "disentanglement": model,
    }
    found = {top: {key: (document.get(top) or {}).get(key)} for top, key in keys.items()}
    return {top: own for top, own in found.items() if all(own.values())}
