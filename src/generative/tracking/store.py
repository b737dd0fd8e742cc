"""The store of MLflow: where it is, what it holds, and the hashes and tags that name a run.

DVC's outputs are the truth and MLflow is a view of them: nothing in this room writes an output, and
a store that is locked, full or gone costs a warning and never a training. Only this room imports
mlflow.
"""

import hashlib
import json
import os
import platform
import posixpath
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from generative.core.errors import BadInput, first_line
from generative.core.folders import file_hash
from generative.core.history import read_table
from generative.core.params import flatten, read_document

EXPERIMENT = "generative"
NAME_LENGTH = 250  # of a parameter or a metric
SWITCH = "GENERATIVE_TRACKING"  # "off" stops live tracking and publishing


class StoreUnavailable(BadInput):
    """The store cannot be used now."""


def is_off() -> bool:
    """Whether tracking is switched off in the environment."""
    return os.environ.get(SWITCH, "on").lower() in ("off", "0", "false")


def store_uri() -> str:
    """MLFLOW_TRACKING_URI, or the project's own SQLite file under `mlruns/`.

    An experiment that DVC queues runs in a temporary copy; DVC_ROOT is where the project is.
    """
    project = Path(os.environ.get("DVC_ROOT", "."))
    own = f"sqlite:///{(project / 'mlruns' / 'mlflow.db').resolve()}"
    return os.environ.get("MLFLOW_TRACKING_URI", own)


@contextmanager
def wrap_store_errors() -> Iterator[None]:
    """Turn whatever the store raises into one line that says where it is and what to do."""
    try:
        yield
    except BadInput:
        raise
    except Exception as error:  # mlflow, SQLAlchemy, requests and sqlite3 all raise their own
        raise StoreUnavailable(
            f"MLflow at {without_password(store_uri())} cannot be used "
            f"({first_line(error, without_password)}); the results are on "
            "disk, mend or start it and run: generative publish"
        ) from error


def without_password(text: str) -> str:
    """`text` without what stands between // and @ in the addresses in it, and passwords by name."""
    return re.sub(r"(?<=//)\S+(?=@)|(?<=password=)[^&\s]+", "***", text)


class Store:
    """The runs of the project's experiment. Use it inside `wrap_store_errors`."""

    def __init__(self) -> None:
        # A server that is gone should cost seconds: mlflow's own defaults retry for minutes.
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
        os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
        import mlflow

        self.uri = store_uri()
        mlflow.set_tracking_uri(self.uri)
        with self._initialization_lock():
            self.client = mlflow.MlflowClient(self.uri)
            self.experiment = self._experiment_id()

    @contextmanager
    def _initialization_lock(self) -> Iterator[None]:
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
        if found and found.lifecycle_stage == "deleted":  # MLflow keeps its name, and takes no run
            self.client.restore_experiment(found.experiment_id)
            print(f"MLflow's experiment {EXPERIMENT} was deleted; it is restored, for new runs")
        if found:
            return str(found.experiment_id)
        location = None
        if self.uri.startswith("sqlite:///"):
            location = Path(self.uri.removeprefix("sqlite:///")).parent.as_uri()
        return self.client.create_experiment(EXPERIMENT, artifact_location=location)

    def ping(self) -> None:
        """Ask the store for anything; raises where it cannot be used."""
        self.client.get_experiment(self.experiment)

    def find(self, tags: dict[str, str]) -> list[Any]:
        """Runs with these tags, newest first."""
        query = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        return self.client.search_runs([self.experiment], query, order_by=["start_time DESC"])

    def close_killed(self) -> int:
        """End the runs of this checkout whose process was killed before it could; how many."""
        running = [
            run
            for run in self.find({"checkout": checkout(), "origin": "live"})
            if run.info.status == "RUNNING" and not is_alive(run.data.tags.get("process", ""))
        ]
        for run in running:
            self.client.set_terminated(run.info.run_id, "KILLED")
        return len(running)

    def create(self, stage: str, params: dict[str, Any], tags: dict[str, Any], data: Path) -> str:
        """A new run of `stage`, running; its id. `params` is nested as params.yaml."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        all_tags = {
            "dvc.stage": stage,
            "params.hash": digest(params)[:16],
            "data.md5": file_hash(data) if data.is_file() else md5_of_folder(data),
            "profile": read_document().get("profile", "unknown"),
            **git_tags(),
            **tags,
        }
        title = stage.removeprefix("train@").replace("@", " ")
        name = f"{title} · {all_tags['profile']} · {all_tags['params.hash'][:7]}"
        run = self._create(name, flatten(params), all_tags)
        dataset = Dataset(data.name, all_tags["data.md5"], "local", json.dumps({"uri": str(data)}))
        context = [InputTag("mlflow.data.context", "training")]
        self.client.log_inputs(run, [DatasetInput(dataset, context)])
        return run

    def _create(self, name: str, params: Mapping[str, Any], tags: Mapping[str, Any]) -> str:
        from mlflow.entities import Param

        texts = {tag: str(value) for tag, value in tags.items()}
        run: str = self.client.create_run(self.experiment, tags=texts, run_name=name).info.run_id
        self.client.log_batch(run, params=[Param(named(n), str(v)) for n, v in params.items()])
        return run

    def add_trials(self, parent: str, rows: list[dict[str, Any]]) -> None:
        """A finished run inside that of a search for each row (`trial`, the arguments, `val_loss`)
        that has none."""
        for row in rows:
            arguments = {name: v for name, v in row.items() if name not in ("trial", "val_loss")}
            self._add_trial(parent, int(row["trial"]), arguments, row["val_loss"])

    def _add_trial(self, parent: str, number: int, arguments: dict[str, Any], loss: float) -> None:
        tags = {"mlflow.parentRunId": parent, "trial": str(number)}
        for run in self.find(tags):
            if run.info.status == "FINISHED":
                return
            self.client.delete_run(run.info.run_id)  # the process was killed while it sent it
        run_id = self._create(f"trial {number}", arguments, tags)
        self.log(run_id, {"val_loss": loss}, 0)
        self.client.set_terminated(run_id, "FINISHED")

    def log(self, run: str, values: Mapping[str, float], step: int) -> None:
        """One point on each curve, in one request."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(named(n), float(value), now, step) for n, value in values.items()]
        self.client.log_batch(run, metrics=metrics)

    def steps(self, run: str, metric: str) -> set[int]:
        """The steps at which a curve has a point."""
        return {point.step for point in self.client.get_metric_history(run, metric)}

    def log_history(self, run: str, folder: Path) -> None:
        """The curves of a training that was not tracked live, from the table in `folder`."""
        table = read_table(folder)
        step, *names = table.columns  # an epoch, or an evaluation
        for row in table.to_dict("records"):
            self.log(run, {str(name): row[name] for name in names}, int(row[step]))


def named(name: str) -> str:
    """`name` as MLflow takes it: what it refuses, such as brackets, becomes _28_, its number."""
    taken = re.sub(r"[^/\w.\- ]", lambda found: f"_{ord(found[0]):x}_", name)
    # It is the path of a file in some stores, and must be the only one to that file.
    if posixpath.normpath(taken) != taken or taken.startswith(("/", "..")):
        taken = taken.replace("/", "_2f_")
    if len(taken) > NAME_LENGTH:
        end = hashlib.md5(name.encode(errors="replace")).hexdigest()[:8]
        taken = f"{taken[: NAME_LENGTH - 9].rstrip('/ .')}_{end}"
    return taken


def checkout() -> str:
    """A name of this checkout on this machine that tells nothing of either."""
    place = f"{platform.node()} {Path(os.environ.get('DVC_ROOT', '.')).resolve()}"
    return hashlib.md5(place.encode()).hexdigest()[:12]


def this_process() -> str:
    """The number of this process, and when it began: the number alone comes again."""
    return f"{os.getpid()} {psutil.Process().create_time()}"


def is_alive(process: str) -> bool:
    """Whether the process that gave this name of itself is still there."""
    number, _, begun = process.partition(" ")
    try:
        return str(psutil.Process(int(number)).create_time()) == begun
    except (psutil.Error, ValueError):
        return False


def digest(value: Any) -> str:
    """sha256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def md5_of_folder(folder: Path) -> str:
    """One md5 for a folder of prepared data. Raises `BadInput` if there is none."""
    if not folder.is_dir():
        raise BadInput(f"{folder} is missing; run dvc pull, then dvc repro")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    lines = [f"{file.relative_to(folder)} {file_hash(file)}" for file in files]
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
