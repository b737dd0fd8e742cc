"""What of `dvc.lock` has a run in MLflow, and the files that the run is made of.

Which of these there are stands in params.yaml: what a removed section left in `dvc.lock` and under
`data/` is not published, and the runs that it has in MLflow stay.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from generative.core import inputs
from generative.core.errors import BadInput
from generative.core.folders import read_json
from generative.core.history import PARAMETERS, TABLE, read_params
from generative.core.params import flatten, nest, section
from generative.tracking import names
from generative.tracking.provenance import digest

LOCK = Path("dvc.lock")
# libyaml, where PyYAML was built with it, reads the same seven times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DATA = Path("data")
# Folders of data/ that hold more metrics of the models that a section of params.yaml names.
MEASURED = {"image_quality": "generators", "disentanglement": "disentanglement"}
# The file of an entry's output whose hash its live run is tagged with.
RESULTS = {
    "train": "model.weights.h5",
    "repeat": TABLE,
    "judge": "digits.weights.h5",
    "tune": "trials.csv",
    "style": "picture.png",
}


@dataclass(frozen=True)
class Entry:
    """A stage of dvc.lock that has a run, and the folders that the run is made of.

    section, key: those of params.yaml. lock: the entry itself.
    output: what the stage wrote. history: the training's curves and parameters, where it has any.
    measured: each with a `metrics.json`. pictures: folders of nothing else.
    seed: of a repeated training, which is one of several of its stage. parent: the entry of the
        training that it repeats.
    """

    stage: str
    section: str
    key: str
    lock: dict[str, Any]
    output: Path
    history: Path
    measured: tuple[Path, ...]
    pictures: tuple[Path, ...] = ()
    seed: int | None = None
    parent: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        """What a person calls it: the stage, and the seed of a repeated training."""
        return self.stage if self.seed is None else f"{self.stage} seed {self.seed}"

    @property
    def identity(self) -> str:
        """The hash that its run is found by."""
        return digest(self.lock if self.seed is None else [self.lock, self.seed])

    @property
    def out(self) -> str:
        """DVC's hash of what the stage wrote, by which `git log -S` finds the commits that have
        it."""
        outs = {out["path"]: out.get("md5", "") for out in self.lock.get("outs", [])}
        return str(outs.get(str(self.output), ""))

    @property
    def result(self) -> Path:
        """The file whose hash names the live run."""
        return self.output / RESULTS[self.section]

    @cached_property
    def params(self) -> dict[str, Any]:
        """The parameters of a training, as its live run has them: those that it wrote down itself,
        or else those of dvc.lock, each section completed by its defaults."""
        if (self.history / PARAMETERS).exists():
            return read_params(self.history)
        document = nest(self.lock["params"]["params.yaml"])
        params: dict[str, Any] = {"runtime": document["runtime"]}
        for top in ("judge", "tune", "train", "style"):
            keys = document.get(top, {})
            if keys:
                params[top] = {key: section(f"{top}.{key}", document, LOCK) for key in keys}
        if self.seed is not None:
            params["train"][self.key]["seed"] = self.seed
        return params

    @property
    def trained(self) -> dict[str, Any]:
        """The parameters of the training alone; empty where there is none."""
        found: dict[str, Any] = self.params.get("train", {}).get(self.key, {})
        return found

    def check_folders(self) -> None:
        """Raise `BadInput` for a folder that is not on disk."""
        for folder in (self.output, self.history, *self.measured, *self.pictures):
            if not folder.is_dir():
                raise BadInput(f"{folder} is missing; run dvc pull, then dvc repro")

    def metrics(self) -> dict[str, Any]:
        """Everything that was measured, by the names that it has in MLflow; texts by their own."""
        found: dict[str, Any] = {}
        for folder in self.measured:
            file = folder / "metrics.json"
            try:
                values = flatten(read_json(file))
                numbers = {n: v if isinstance(v, str) else float(v) for n, v in values.items()}
            except (OSError, ValueError, AttributeError, TypeError) as error:
                raise BadInput(f"{file} cannot be read ({error}); run dvc checkout") from None
            kind = folder.parent.name if self.seed is None else "disentanglement"
            for name, value in numbers.items():
                found[name if isinstance(value, str) else names.result(kind, name)] = value
        return found


def entries(lock: dict[str, Any], document: dict[str, Any], data: Path = DATA) -> list[Entry]:
    """The stages of `lock` that train or optimise a section of `document`, which is params.yaml."""
    found = []
    for key in document.get("train") or {}:
        kinds = [kind for kind, top in MEASURED.items() if key in (document.get(top) or {})]
        entry = Entry(
            stage=f"train@{key}",
            section="train",
            key=key,
            lock=lock.get(f"train@{key}", {}),
            output=data / "models" / key,
            history=data / "history" / key,
            measured=tuple(data / kind / key for kind in ("metrics", *kinds)),
            pictures=(data / "samples" / key,),
        )
        found.append(entry)
    for key, own in (document.get("repeat") or {}).items():
        for seed in (own or {}).get("seeds") or []:
            folder = data / "repeats" / key / f"seed_{seed}"
            entry = Entry(
                stage=f"repeat@{key}",
                section="repeat",
                key=key,
                lock=lock.get(f"repeat@{key}", {}),
                output=folder,
                history=folder,
                measured=(folder,),
                seed=seed,
                parent=lock.get(f"train@{key}"),
            )
            found.append(entry)
    for key in document.get("judge") or {}:
        stage, folder, measured = f"judge@{key}", data / "judge" / key, data / "metrics" / "judge"
        found.append(Entry(stage, "judge", key, lock.get(stage, {}), folder, folder, (measured,)))
    for top, kind in (("tune", "tuning"), ("style", "style")):
        for key in document.get(top) or {}:
            stage, folder = f"{top}@{key}", data / kind / key
            own = lock.get(stage, {})
            found.append(Entry(stage, top, key, own, folder, folder, (folder,)))
    return [entry for entry in found if entry.lock]


def read_lock() -> dict[str, Any]:
    """The stages of `dvc.lock`."""
    text = inputs.text(LOCK, missing="run dvc repro first")
    try:
        stages: dict[str, Any] = yaml.load(text, LOADER)["stages"]  # noqa: S506  # a safe one
        return {name: stage for name, stage in stages.items() if isinstance(stage, dict)}
    except (yaml.YAMLError, LookupError, TypeError, AttributeError):
        raise BadInput(f"{LOCK} is damaged; run: generative doctor --mend") from None


def results_digest(entry: Entry, lock: dict[str, Any]) -> str:
    """The hash of what was measured and drawn."""
    places = [str(folder) for folder in (*entry.measured, *entry.pictures)]
    outs = {out["path"]: out for stage in lock.values() for out in stage.get("outs", [])}
    return digest([outs[place] for place in places if place in outs])
