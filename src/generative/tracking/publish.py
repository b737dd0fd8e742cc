"""`publish` makes MLflow agree with `dvc.lock`: one run, with curves, metrics and pictures, for
each trained model, each style transfer and the judge, and one for each search, with its trials.

Which of these there are stands in params.yaml: what a removed section left in `dvc.lock` and under
`data/` is not published, and the runs that it has in MLflow stay.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from generative.core import inputs
from generative.core.errors import BadInput, first_line
from generative.core.folders import file_hash, read_json
from generative.core.history import PARAMETERS, TABLE, WARNINGS, read_params, read_table
from generative.core.params import flatten, nest, read_document, section
from generative.core.workspace import claim
from generative.tracking import descriptions, models, names, views
from generative.tracking.store import (
    Store,
    digest,
    without_password,
    wrap_store_errors,
)

LOCK = Path("dvc.lock")
# libyaml, where PyYAML was built with it, reads the same seven times as fast.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DATA = Path("data")
# Held while it works, and the seconds that another waits for it.
LOCKED, PATIENCE = Path(".cache/publish.lock"), 600
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
    def result(self) -> Path:
        """The file whose hash names the live run."""
        return self.output / RESULTS[self.section]

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
            except (OSError, ValueError, AttributeError) as error:
                raise BadInput(f"{file} cannot be read ({error}); run dvc checkout") from None
            kind = folder.parent.name if self.seed is None else "disentanglement"
            for name, value in values.items():
                found[name if isinstance(value, str) else names.result(kind, name)] = value
        return found


def entries(lock: dict[str, Any], document: dict[str, Any], data: Path = DATA) -> list[Entry]:
    """The stages of `lock` that train or optimise a section of `document`, which is params.yaml."""
    found = []
    for key in document.get("train") or {}:
        stage, kinds = f"train@{key}", ["metrics"]
        kinds += [kind for kind, top in MEASURED.items() if key in (document.get(top) or {})]
        entry = Entry(
            stage,
            "train",
            key,
            lock.get(stage, {}),
            output=data / "models" / key,
            history=data / "history" / key,
            measured=tuple(data / kind / key for kind in kinds),
            pictures=(data / "samples" / key,),
        )
        found.append(entry)
    for key, own in (document.get("repeat") or {}).items():
        stage = f"repeat@{key}"
        for seed in (own or {}).get("seeds") or []:
            folder = data / "repeats" / key / f"seed_{seed}"
            lock_entry, parent = lock.get(stage, {}), lock.get(f"train@{key}")
            found.append(
                Entry(
                    *(stage, "repeat", key, lock_entry, folder, folder, (folder,)),
                    seed=seed,
                    parent=parent,
                )
            )
    for key in document.get("judge") or {}:
        stage, folder, measured = f"judge@{key}", data / "judge" / key, data / "metrics" / "judge"
        found.append(Entry(stage, "judge", key, lock.get(stage, {}), folder, folder, (measured,)))
    for top, kind in (("tune", "tuning"), ("style", "style")):
        for key in document.get(top) or {}:
            stage, folder = f"{top}@{key}", data / kind / key
            own = lock.get(stage, {})
            found.append(Entry(stage, top, key, own, folder, folder, (folder,)))
    return [entry for entry in found if entry.lock]


def publish(data: Path = DATA) -> Iterator[tuple[str, str]]:
    """Publish every entry; yields each stage with what was done, as it is done.

    That is "kept", "tagged" (its live run was found), "restored" (made from the files), "updated"
    (newer metrics or pictures) or "failed: ...", which stops no other. Raises `StoreUnavailable` if
    the store cannot be used and, at the end, `BadInput` with all stages that failed.
    """
    with publishing():
        yield from publish_all(data)


@contextmanager
def publishing() -> Iterator[None]:
    """One at a time in a checkout: two at once would make two runs of one training."""
    LOCKED.parent.mkdir(parents=True, exist_ok=True)
    lock = claim(LOCKED, PATIENCE)
    if lock is None:
        raise BadInput("another publish is at work here; run this when it is done")
    with lock:
        yield


def publish_all(data: Path) -> Iterator[tuple[str, str]]:
    """As `publish`, which holds the lock."""
    lock, document = read_lock(), read_document()
    found = entries(lock, document, data)
    failed = []
    with wrap_store_errors():
        store = Store()
        store.keep_views(views.views(document))
        if killed := store.close_killed():
            yield "runs that a kill left open", f"{killed} ended as KILLED"
    for entry in found:
        try:
            done = publish_entry(store, entry, results_digest(entry, lock))
        except BadInput as error:
            done = f"failed: {error}"
        except Exception as error:  # of mlflow: of this run, or of all if the store is gone
            with wrap_store_errors():
                store.ping()
            done = f"failed: {type(error).__name__}: {first_line(error, without_password)}"
        if done.startswith("failed"):
            failed.append(entry.name)
        yield entry.name, done
    if failed:
        raise BadInput(
            f"{len(failed)} of {len(found)} runs are not published: {', '.join(failed)}; "
            "mend what is named above and run: generative publish"
        )


def publish_entry(store: Store, entry: Entry, results: str) -> str:
    """Find the run of this entry of dvc.lock, or the live one it came from, or make it.

    `results` is the hash of what was measured and drawn.
    """
    entry.check_folders()
    run = next(iter(store.find({"dvc.lock_hash": entry.identity})), None)
    if run and run.data.tags.get("results.hash") == results:
        store.join_experiment(run)
        return "kept"
    metrics = entry.metrics()
    if run:
        run_id, done = run.info.run_id, "updated"
    else:
        tags = {"dvc.stage": entry.stage, "result.md5": file_hash(entry.result)}
        live = [
            run.info.run_id
            for run in store.find(tags, "FINISHED")
            if "dvc.lock_hash" not in run.data.tags
        ]
        run_id = live[0] if live else restore(store, entry)
        done = "tagged" if live else "restored"
        if (entry.history / TABLE).exists():
            store.add_curves(run_id, entry.history)
            store.add_snapshots(run_id, entry.history)
    pictures = add_files(store, run_id, entry)
    add_metrics(store, run_id, metrics, add_model(store, run_id, entry))
    tags = store.client.get_run(run_id).data.tags
    about = {"mlflow.note.content": descriptions.of_run(run_id, tags, list(pictures))}
    if pictures:
        about["pictures.md5"] = " ".join(pictures.values())
    if entry.parent and (parents := store.find({"dvc.lock_hash": digest(entry.parent)})):
        about["mlflow.parentRunId"] = parents[0].info.run_id
    # The last two last, so that a publish that was cut off is done again.
    for name, value in {**about, "results.hash": results, "dvc.lock_hash": entry.identity}.items():
        store.client.set_tag(run_id, name, value)
    return done


def restore(store: Store, entry: Entry) -> str:
    """Make the run of a training that MLflow does not have, with its curves; its id."""
    for run in store.find({"dvc.stage": entry.stage, "origin": "restored"}):
        if "dvc.lock_hash" not in run.data.tags:  # of a publish that was cut off
            store.client.delete_run(run.info.run_id)
    params = params_of(entry)
    values = params.get("style" if entry.section == "style" else "train", {}).get(entry.key, {})
    tags = {
        "origin": "restored",
        "device": "unknown",
        "precision": values.get("precision", "float32"),
        "determinism": "bitwise" if params["runtime"]["determinism"] else "statistical",
    }
    if entry.section == "style":
        data = Path(values["content"])
    else:
        inputs = (Path(dependency["path"]) for dependency in entry.lock["deps"])
        data = next(path for path in inputs if path.parent.name == "prepared")
    run_id = store.create(entry.stage, params, tags, data)
    store.client.set_terminated(run_id, "FINISHED")
    return run_id


def params_of(entry: Entry) -> dict[str, Any]:
    """The parameters of a training, as its live run has them: those that it wrote down itself, or
    else those of dvc.lock, each section completed by its defaults."""
    if (entry.history / PARAMETERS).exists():
        return read_params(entry.history)
    document = nest(entry.lock["params"]["params.yaml"])
    params: dict[str, Any] = {"runtime": document["runtime"]}
    for top in ("judge", "tune", "train", "style"):
        keys = document.get(top, {})
        if keys:
            params[top] = {key: section(f"{top}.{key}", document, LOCK) for key in keys}
    return params


def add_metrics(store: Store, run_id: str, metrics: dict[str, Any], model: str) -> None:
    """The final metrics, which are those of the logged model too; texts become tags."""
    numbers = {name: v for name, v in metrics.items() if not isinstance(v, str)}
    store.log(run_id, [(numbers, 0)], model)
    for name, value in metrics.items():
        if isinstance(value, str):
            store.client.set_tag(run_id, name, value)


def add_model(store: Store, run_id: str, entry: Entry) -> str:
    """The trained model of an entry that has one; its id in MLflow, or nothing."""
    if entry.section not in ("train", "judge"):
        return ""
    epochs = len(read_table(entry.history)) if (entry.history / TABLE).exists() else 0
    return models.add_model(store, run_id, entry.key, entry.output, epochs)


def add_files(store: Store, run_id: str, entry: Entry) -> dict[str, str]:
    """The pictures, and what else is worth to look at; of a search all of its files, and its
    trials. Returns the md5 of each picture by its path among the run's artifacts."""
    if entry.section == "tune":
        import pandas as pd

        store.client.log_artifacts(run_id, str(entry.output), "search")
        rows: Any = pd.read_csv(entry.result).to_dict("records")
        store.add_trials(run_id, rows)
        return {f"search/{f.name}": file_hash(f) for f in sorted(entry.output.glob("*.png"))}
    folders = (entry.output,) if entry.section == "style" else entry.pictures
    for folder in folders:
        store.client.log_artifacts(run_id, str(folder), "pictures")
    pictures = [file for folder in folders for file in sorted(folder.iterdir()) if is_picture(file)]
    if entry.section != "style":
        beside = [f for folder in entry.measured for f in sorted(folder.iterdir()) if is_picture(f)]
        for file in beside:
            store.client.log_artifact(run_id, str(file), "pictures")
        pictures += beside
        for name in (TABLE, WARNINGS):
            if (entry.history / name).exists():
                store.client.log_artifact(run_id, str(entry.history / name), "history")
    return {f"pictures/{file.name}": file_hash(file) for file in pictures}


def is_picture(file: Path) -> bool:
    """Whether the UI can show a file as a picture."""
    return file.suffix in (".png", ".gif", ".jpg")


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
