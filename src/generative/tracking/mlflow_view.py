"""MLflow as a view of the results: runs that are live while they train, and `publish`, which makes
MLflow agree with `dvc.lock` whatever happened to it. The only file that imports mlflow.

A run is a stage that trains or optimises: a model, a picture, or a search with a nested run for
each trial. DVC's outputs are the truth: nothing here writes any of them, and a store that is
locked, full or gone costs a warning and never the training.
"""

import hashlib
import json
import math
import os
import queue
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from generative.core.errors import BadInput
from generative.core.params import flatten
from generative.core.params import read_document

EXPERIMENT = "generative"
SWITCH = "GENERATIVE_TRACKING"  # "off" stops live tracking and publishing
CLOSE_SECONDS = 30  # how long a finished training waits for a slow store
IMAGE_EVERY_EPOCHS = 3


class Unreachable(BadInput):
    """The store cannot be used now."""


def store_uri() -> str:
    """MLFLOW_TRACKING_URI, or the project's own SQLite file under `mlruns/`.

    An experiment that DVC queues runs in a temporary copy; DVC_ROOT is where the project is.
    """
    project = Path(os.environ.get("DVC_ROOT", "."))
    own = f"sqlite:///{(project / 'mlruns' / 'mlflow.db').resolve()}"
    return os.environ.get("MLFLOW_TRACKING_URI", own)


def is_off() -> bool:
    return os.environ.get(SWITCH, "on").lower() in ("off", "0", "false")


# --- the store ---------------------------------------------------------------------------------


@contextmanager
def reached() -> Iterator[None]:
    """Whatever the store raises becomes one line that says where it is and what to do."""
    try:
        yield
    except BadInput:
        raise
    except Exception as error:  # mlflow, SQLAlchemy, requests and sqlite3 all raise their own
        first, *_ = str(error).strip().splitlines() or [type(error).__name__]
        raise Unreachable(
            f"MLflow at {store_uri()} cannot be used ({first[:160]}); the results are on disk, "
            "mend or start it and run: generative publish"
        ) from error


class Store:
    """The experiment's runs. Use it inside `reached`."""

    def __init__(self) -> None:
        # A server that is gone should cost seconds: mlflow's own defaults retry for minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        import mlflow

        self.uri = store_uri()
        mlflow.set_tracking_uri(self.uri)
        with self._first_use():
            self.client = mlflow.MlflowClient(self.uri)
            self.experiment = self._experiment_id()

    @contextmanager
    def _first_use(self) -> Iterator[None]:
        """One process at a time makes a new SQLite file: two at once leave it broken."""
        if not self.uri.startswith("sqlite:///"):
            yield
            return
        from filelock import FileLock

        database = Path(self.uri.removeprefix("sqlite:///"))
        database.parent.mkdir(parents=True, exist_ok=True)
        # Where this or the probe fails, filelock and mlflow would try again for minutes.
        database.touch()
        with FileLock(f"{database}.lock", timeout=120):
            with closing(sqlite3.connect(database, timeout=5)) as probe:
                probe.execute("begin immediate")
            yield

    def _experiment_id(self) -> str:
        found = self.client.get_experiment_by_name(EXPERIMENT)
        if found:
            return found.experiment_id
        location = None
        if self.uri.startswith("sqlite:///"):
            location = Path(self.uri.removeprefix("sqlite:///")).parent.as_uri()
        return self.client.create_experiment(EXPERIMENT, artifact_location=location)

    def find(self, tags: dict[str, str]) -> list[Any]:
        """Runs with these tags, newest first."""
        query = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        return self.client.search_runs([self.experiment], query, order_by=["start_time DESC"])

    def create(self, stage: str, params: dict[str, Any], tags: dict[str, Any], data: Path) -> str:
        """A new run of `stage`, running; `params` are its blocks, nested as in params.yaml."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        known = {
            "dvc.stage": stage,
            "params.hash": digest(params)[:16],
            "data.md5": md5_of_file(data) if data.is_file() else md5_of_folder(data),
            "profile": read_document().get("profile", "unknown"),
            **git_tags(),
            **tags,
        }
        title = stage.removeprefix("train@").replace("@", " ")
        name = f"{title} · {known['profile']} · {known['params.hash'][:7]}"
        run = self._start(name, flatten(params), known)
        dataset = Dataset(data.name, known["data.md5"], "local", json.dumps({"uri": str(data)}))
        context = [InputTag("mlflow.data.context", "training")]
        self.client.log_inputs(run, [DatasetInput(dataset, context)])
        return run

    def _start(self, name: str, params: Mapping[str, Any], tags: Mapping[str, Any]) -> str:
        from mlflow.entities import Param

        known = {name: str(value) for name, value in tags.items()}
        run: str = self.client.create_run(self.experiment, tags=known, run_name=name).info.run_id
        arguments = [Param(name, str(value)) for name, value in params.items()]
        self.client.log_batch(run, params=arguments)
        return run

    def add_trial(self, parent: str, number: int, arguments: dict[str, Any], loss: float) -> None:
        """A finished run inside that of a search, unless it is there."""
        tags = {"mlflow.parentRunId": parent, "trial": str(number)}
        for run in self.find(tags):
            if run.info.status == "FINISHED":
                return
            self.client.delete_run(run.info.run_id)  # the process was killed while it sent it
        run_id = self._start(f"trial {number}", arguments, tags)
        self.log(run_id, {"val_loss": loss}, 0)
        self.client.set_terminated(run_id, "FINISHED")

    def log(self, run: str, values: Mapping[str, float], step: int) -> None:
        """One point on each curve, in one request."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, float(value), now, step) for name, value in values.items()]
        self.client.log_batch(run, metrics=metrics)

    def log_history(self, run: str, history: Path) -> None:
        """The curves of a training that was not watched, from its `history.csv`."""
        import pandas as pd

        table = pd.read_csv(history)
        step, *names = table.columns  # an epoch, or an evaluation
        for row in table.to_dict("records"):
            self.log(run, {str(name): row[name] for name in names}, int(row[step]))


# --- live runs ---------------------------------------------------------------------------------


class LiveRun:
    """A run that follows a training. A thread does the talking, so no step waits for the store."""

    def __init__(self, announce: Callable[[Store], str]) -> None:
        self.store: Store
        self.run = ""
        self.sent = 0
        self.work: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self.work.put(partial(self._open, announce))
        self.thread = threading.Thread(target=self._talk, daemon=True)
        self.thread.start()

    def _open(self, announce: Callable[[Store], str]) -> None:
        self.store = Store()
        self.run = announce(self.store)

    def _talk(self) -> None:
        while job := self.work.get():
            try:
                with reached():
                    job()
            except BadInput as error:
                print(f"warning: not tracked: {error}", flush=True)
                return

    def epoch(self, epoch: int, values: dict[str, float], frame: Any) -> None:
        """Send the curves' next points and, every few epochs, the snapshot: texts, or pictures in
        one."""
        self.work.put(lambda: self.store.log(self.run, values, epoch))
        if len(frame) and epoch % IMAGE_EVERY_EPOCHS == 1:
            texts = frame.dtype.kind == "U"
            self.work.put(partial(self._texts if texts else self._image, frame, epoch))

    def _texts(self, frame: Any, epoch: int) -> None:
        text = "\n\n---\n\n".join(frame)
        self.store.client.log_text(self.run, text, f"snapshots/epoch_{epoch:03}.txt")

    def _image(self, frame: Any, epoch: int) -> None:
        import numpy as np

        count, height, width, channels = frame.shape
        columns = math.ceil(math.sqrt(count))
        full = np.pad(frame, ((0, -count % columns), (0, 0), (0, 0), (0, 0)))
        rows = full.reshape(-1, columns, height, width, channels).swapaxes(1, 2)
        picture = rows.reshape(-1, columns * width, channels)
        self.store.client.log_image(self.run, picture, key="snapshot", step=epoch)

    def evaluations(self, rows: list[dict[str, float]], picture: Any) -> None:
        """Send the next rows of a style transfer's history, and the best picture so far."""
        self.work.put(partial(self._evaluations, rows, picture))

    def _evaluations(self, rows: list[dict[str, float]], picture: Any) -> None:
        for row in rows:
            step, *values = row.items()  # the first is the number of the evaluation
            self.store.log(self.run, dict(values), int(step[1]))
        self.store.client.log_image(self.run, picture, key="picture", step=int(step[1]))

    def trials(self, rows: list[dict[str, Any]]) -> None:
        """The trials of a search so far, each a nested run; those that are there stay."""
        new, self.sent = rows[self.sent :], len(rows)
        self.work.put(lambda: add_trials(self.store, self.run, new))

    def finish(self, result: Path) -> None:
        """The stage has written the file `result`, whose hash is how `publish` knows the run."""
        identity = md5_of_file(result)
        self.work.put(lambda: self.store.client.set_tag(self.run, "result.md5", identity))

    def close(self, status: str) -> None:
        self.work.put(partial(self._close, status))
        self.work.put(None)
        self.thread.join(CLOSE_SECONDS)
        if self.thread.is_alive():
            print("warning: MLflow is slow; run generative publish later", flush=True)

    def _close(self, status: str) -> None:
        if self.run:
            self.store.client.set_terminated(self.run, status)


class NoRun:
    """Stands in where tracking is off."""

    def epoch(self, epoch: int, values: dict[str, float], frame: Any) -> None:
        pass

    def evaluations(self, rows: list[dict[str, float]], picture: Any) -> None:
        pass

    def trials(self, rows: list[dict[str, Any]]) -> None:
        pass

    def finish(self, result: Path) -> None:
        pass


@contextmanager
def live_run(
    stage: str, params: dict[str, Any], data: Path, tags: dict[str, Any], study: str = ""
) -> Iterator[LiveRun | NoRun]:
    """Follow the training inside the `with`; what it raises is recorded and goes on its way.

    A search is named by its `study`: one that was killed goes on in the run that it had.
    """
    if is_off():
        yield NoRun()
        return

    def announce(store: Store) -> str:
        begun = store.find({"study": study}) if study else []
        for run in begun:
            if "dvc.lock_hash" not in run.data.tags:
                store.client.update_run(run.info.run_id, status="RUNNING")
                return str(run.info.run_id)
        own = {"study": study} if study else {}
        return store.create(stage, params, {**tags, **own, "origin": "live"}, data)

    live = LiveRun(announce)
    status = "FAILED"
    try:
        yield live
        status = "FINISHED"
    except KeyboardInterrupt:
        status = "KILLED"
        raise
    finally:
        live.close(status)


# --- publish -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A stage of dvc.lock that has a run: its name, its entry, its key and its folder's kind."""

    stage: str
    lock: dict[str, Any]
    kind: str
    key: str

    @property
    def result(self) -> str:
        """The file whose hash names the live run."""
        results = {"models": "model.weights.h5", "tuning": "trials.csv", "style": "picture.png"}
        return results[self.kind]


def entries(lock: dict[str, Any]) -> list[Entry]:
    """The stages that train something, by what they write."""
    found = []
    for stage, entry in lock.items():
        kind, key = Path(entry["outs"][0]["path"]).parts[-2:]
        if kind in ("models", "tuning", "style"):
            found.append(Entry(stage, entry, kind, key))
    return found


def publish(folder: Path = Path("data")) -> dict[str, str]:
    """Make MLflow hold one run, with curves, metrics and pictures, for each trained model and each
    style transfer, and one for each search, with its trials.

    Returns what was done for each: "kept", "tagged" (its live run was found), "restored" (made from
    the files) or "updated" (newer metrics or pictures). Raises `BadInput` if a result is not on
    disk, before anything is sent, and `Unreachable` if the store cannot be used.
    """
    lock = read_lock()
    found = entries(lock)
    for entry in found:
        kinds = ("models", "metrics", "samples") if entry.kind == "models" else (entry.kind,)
        for kind in kinds:
            if not (folder / kind / entry.key).is_dir():
                where = folder / kind / entry.key
                raise BadInput(f"{where} is missing; run dvc pull, then dvc repro")
    with reached():
        store = Store()
        return {entry.stage: publish_one(store, entry, lock, folder) for entry in found}


def publish_one(store: Store, entry: Entry, lock: dict[str, Any], folder: Path) -> str:
    """Find the run of this entry of dvc.lock, or the live one it came from, or make it."""
    identity, results = digest(entry.lock), result_digest(lock, entry.key)
    run = next(iter(store.find({"dvc.lock_hash": identity})), None)
    if run and run.data.tags.get("results.hash") == results:
        return "kept"
    if run:
        run_id, done = run.info.run_id, "updated"
    else:
        result = md5_of_file(folder / entry.kind / entry.key / entry.result)
        live = [
            run.info.run_id
            for run in store.find({"dvc.stage": entry.stage, "result.md5": result})
            if run.info.status == "FINISHED" and "dvc.lock_hash" not in run.data.tags
        ]
        run_id = live[0] if live else restore(store, entry, folder)
        done = "tagged" if live else "restored"
    add_results(store, run_id, entry, folder)
    # Last, so that a publish that was cut off is done again.
    store.client.set_tag(run_id, "results.hash", results)
    store.client.set_tag(run_id, "dvc.lock_hash", identity)
    return done


def restore(store: Store, entry: Entry, folder: Path) -> str:
    """Make the run of a training that MLflow has not seen, with its curves; its id."""
    for run in store.find({"dvc.stage": entry.stage, "origin": "restored"}):
        if "dvc.lock_hash" not in run.data.tags:  # of a publish that was cut off
            store.client.delete_run(run.info.run_id)
    params = entry.lock["params"]["params.yaml"]
    block = params.get(f"{'style' if entry.kind == 'style' else 'train'}.{entry.key}", {})
    tags = {
        "origin": "restored",
        "device": "unknown",
        "precision": block.get("precision", "float32"),
        "determinism": "bitwise" if params["runtime"]["determinism"] else "statistical",
    }
    if entry.kind == "style":
        data = Path(block["content"])
    else:
        deps = (dep["path"] for dep in entry.lock["deps"])
        data = folder / "prepared" / next(Path(path).name for path in deps if "prepared" in path)
    run_id = store.create(entry.stage, nest(params), tags, data)
    history = folder / entry.kind / entry.key / "history.csv"
    if history.exists():
        store.log_history(run_id, history)
    store.client.set_terminated(run_id, "FINISHED")
    return run_id


def add_results(store: Store, run_id: str, entry: Entry, folder: Path) -> None:
    """The final metrics, the pictures, the model's files; a search's trials."""
    own = folder / entry.kind / entry.key
    measured = folder / "metrics" / entry.key if entry.kind == "models" else own
    metrics = flatten(json.loads((measured / "metrics.json").read_text(encoding="utf-8")))
    # A prefix, because the curves of the training have some of the same names.
    numbers = {f"test/{name}": v for name, v in metrics.items() if not isinstance(v, str)}
    store.log(run_id, numbers, 0)
    for name, value in metrics.items():
        if isinstance(value, str):
            store.client.set_tag(run_id, name, value)
    if entry.kind == "style":
        store.client.log_artifacts(run_id, str(own), "pictures")
        return
    if entry.kind == "tuning":
        store.client.log_artifacts(run_id, str(own), "search")
        import pandas as pd

        rows: Any = pd.read_csv(own / "trials.csv").to_dict("records")
        add_trials(store, run_id, rows)
        return
    store.client.log_artifacts(run_id, str(folder / "samples" / entry.key), "pictures")
    for picture in sorted(measured.glob("*.png")):
        store.client.log_artifact(run_id, str(picture), "pictures")
    for name in ("model.json", "model.weights.h5", "history.csv", "concerns.txt"):
        if (own / name).exists():
            store.client.log_artifact(run_id, str(own / name), "model")


def add_trials(store: Store, parent: str, rows: list[dict[str, Any]]) -> None:
    """A nested run for each row (`trial`, the arguments, `val_loss`) that has none."""
    for row in rows:
        arguments = {name: v for name, v in row.items() if name not in ("trial", "val_loss")}
        store.add_trial(parent, int(row["trial"]), arguments, row["val_loss"])


def read_lock() -> dict[str, Any]:
    """The stages of `dvc.lock`."""
    try:
        return yaml.safe_load(Path("dvc.lock").read_text(encoding="utf-8"))["stages"]
    except FileNotFoundError:
        raise BadInput("dvc.lock is missing; run dvc repro first") from None


def result_digest(lock: dict[str, Any], key: str) -> str:
    """The hash of what was measured and drawn of a model."""
    places = [f"data/{kind}/{key}" for kind in ("metrics", "samples", "tuning", "style")]
    outs = [out for entry in lock.values() for out in entry["outs"]]
    return digest([out for place in places for out in outs if out["path"] == place])


# --- hashes and tags ---------------------------------------------------------------------------


def digest(value: Any) -> str:
    """sha256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def md5_of_file(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "md5").hexdigest()


def md5_of_folder(folder: Path) -> str:
    """One md5 for a folder of prepared data. Raises `BadInput` if there is none."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is missing; run dvc pull, then dvc repro")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = [f"{file.relative_to(folder)} {md5_of_file(file)}" for file in files]
    return hashlib.md5("\n".join(lines).encode()).hexdigest()


def git_tags() -> dict[str, str]:
    """The commit, and whether the tree differs from it; empty outside a repository."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return {
            "git.sha": git("rev-parse", "HEAD"),
            "git.dirty": str(bool(git("status", "--porcelain", "--untracked-files=no"))).lower(),
        }
    except (OSError, subprocess.CalledProcessError):
        return {}


def nest(blocks: Mapping[str, Any]) -> dict[str, Any]:
    """{"train.cvae": block, "runtime": block}, as dvc.lock has it, nested as in params.yaml."""
    nested: dict[str, Any] = {}
    for name, block in blocks.items():
        *outer, last = name.split(".")
        inside = nested
        for part in outer:
            inside = inside.setdefault(part, {})
        inside[last] = block
    return nested
