"""`publish` makes MLflow agree with `dvc.lock`: one run, with curves, metrics and pictures, for
each trained model, each style transfer and the judge, and one for each search, with its trials, and
for each seed of a repeated training."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from generative.core.errors import BadInput, first_line
from generative.core.folders import file_hash
from generative.core.history import TABLE, WARNINGS, read_table
from generative.core.params import read_document
from generative.core.workspace import claim
from generative.tracking import descriptions, models, views
from generative.tracking.entries import DATA, Entry, entries, read_lock, results_digest
from generative.tracking.provenance import checkout, digest
from generative.tracking.store import Store, without_password, wrap_store_errors

# Held while it works, and the seconds that another waits for it.
LOCKED, PATIENCE = Path(".cache/publish.lock"), 600
NOTE = "mlflow.note.content"


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
    """One at a time in a checkout, and in the copies of it that DVC's experiments run in: two at
    once would make two runs of one training."""
    file = Path(os.environ.get("DVC_ROOT", ".")) / LOCKED
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = claim(file, PATIENCE)
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
        store.tag(run, related(store, run, entry))
        return "kept"
    metrics = entry.metrics()
    if run:
        run_id, done = run.info.run_id, "updated"
    else:
        run_id = live_run_of(store, entry)
        done = "tagged" if run_id else "restored"
        run_id = run_id or restore(store, entry)
        if (entry.history / TABLE).exists():
            store.add_curves(run_id, entry.history)
            store.add_snapshots(run_id, entry.history, entry.trained.get("epochs", 0))
    pictures = add_files(store, run_id, entry)
    run = store.client.get_run(run_id)
    add_metrics(store, run_id, metrics, add_model(store, run, entry))
    about = {"dvc.out": entry.out, "pictures.md5": " ".join(pictures.values())}
    about |= described(run, descriptions.of_run(run_id, run.data.tags, list(pictures)))
    about |= {"results.hash": results, "dvc.lock_hash": entry.identity}
    # At last and at once, so that a publish that was cut off is done again.
    store.tag(run, {**related(store, run, entry), **about})
    return done


def live_run_of(store: Store, entry: Entry) -> str:
    """The run that followed the training of this entry, if none has it yet; or nothing."""
    tags = {"dvc.stage": entry.stage, "result.md5": file_hash(entry.result)}
    found = (r for r in store.find(tags, "FINISHED") if "dvc.lock_hash" not in r.data.tags)
    return next((str(run.info.run_id) for run in found), "")


def related(store: Store, run: Any, entry: Entry) -> dict[str, str]:
    """The tags that say what a run belongs to: its parent, and experiments of DVC."""
    tags = {}
    if entry.parent and (parents := store.find({"dvc.lock_hash": digest(entry.parent)})):
        tags["mlflow.parentRunId"] = parents[0].info.run_id
    # A result that an experiment shares with an earlier one is found by its name, too.
    experiment = os.environ.get("DVC_EXP_NAME")
    joined = run.data.tags.get("dvc.exp", "").split()
    if experiment and experiment not in joined:
        tags["dvc.exp"] = " ".join([*joined, experiment])
    return tags


def described(run: Any, text: str) -> dict[str, str]:
    """The tags of a run's description; none where a person has written another."""
    there = run.data.tags.get(NOTE, "")
    if there and digest(there) != run.data.tags.get("note.hash"):
        return {}
    return {NOTE: text, "note.hash": digest(text)}


def restore(store: Store, entry: Entry) -> str:
    """Make the run of a training that MLflow does not have; its id."""
    own = {"origin": "restored", "checkout": checkout()}
    for run in store.find({"dvc.stage": entry.stage, **own}):
        if "dvc.lock_hash" not in run.data.tags:  # of a publish that was cut off
            store.delete(run.info.run_id)
    params = entry.params
    values = params["style"][entry.key] if entry.section == "style" else entry.trained
    tags = {
        **own,
        "device": "unknown",
        "precision": values.get("precision", "float32"),
        "determinism": "bitwise" if params["runtime"]["determinism"] else "statistical",
    }
    if entry.section == "style":
        data = Path(values["content"])
    else:
        paths = (Path(dependency["path"]) for dependency in entry.lock["deps"])
        data = next(path for path in paths if path.parent.name == "prepared")
    run_id = store.create(entry.stage, params, tags, data)
    store.client.set_terminated(run_id, "FINISHED")
    return run_id


def add_metrics(store: Store, run_id: str, metrics: dict[str, Any], model: str) -> None:
    """The final metrics, which are those of the logged model too; texts become tags."""
    numbers = {name: v for name, v in metrics.items() if not isinstance(v, str)}
    store.log(run_id, [(numbers, 0)], model)
    for name, value in metrics.items():
        if isinstance(value, str):
            store.client.set_tag(run_id, name, value)


def add_model(store: Store, run: Any, entry: Entry) -> str:
    """The trained model of an entry that has one; its id in MLflow, or nothing."""
    if entry.section != "train":
        return ""
    table = read_table(entry.history)
    epoch = len(table)
    if entry.trained.get("keep") == "best" and "val_loss" in table and epoch:
        epoch = int(table["epoch"].iloc[int(table["val_loss"].to_numpy().argmin())])
    return models.add_model(store, run, entry.key, entry.output, epoch)


def add_files(store: Store, run_id: str, entry: Entry) -> dict[str, str]:
    """The pictures, and what else is worth to look at; of a search all of its files, and its
    trials. Returns the md5 of each picture by its path among the run's artifacts."""
    if entry.section == "tune":
        store.client.log_artifacts(run_id, str(entry.output), "search")
        store.add_trials(run_id, read_trials(entry.result))
        return {f"search/{f.name}": file_hash(f) for f in sorted(entry.output.glob("*.png"))}
    if entry.section == "judge":
        store.client.log_artifacts(run_id, str(entry.output), "model")
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


def read_trials(file: Path) -> list[dict[str, Any]]:
    """The trials of a search, their arguments as they are written."""
    import pandas as pd

    table = pd.read_csv(file, dtype=str, keep_default_na=False)
    table = table.astype({"trial": int, "val_loss": float})
    rows: Any = table.to_dict("records")
    return list(rows)


def is_picture(file: Path) -> bool:
    """Whether the UI can show a file as a picture."""
    return file.suffix in (".png", ".gif", ".jpg")
