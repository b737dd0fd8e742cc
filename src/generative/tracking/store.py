"""The store of MLflow: where it is, and what is read from it and written to it.

DVC's outputs are the truth and MLflow is a view of them: nothing in this room writes an output, and
a store that is locked, full or gone costs a warning and never a training. Only this room imports
mlflow.
"""

import json
import math
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from generative.core import history
from generative.core.errors import BadInput, first_line
from generative.core.folders import file_hash, locked, move, new_part, to_disk
from generative.core.history import read_snapshots, read_table
from generative.core.params import read_document
from generative.tracking import descriptions, names
from generative.tracking.names import in_batches, named
from generative.tracking.provenance import (
    checkout,
    is_alive,
    md5_of_folder,
    params_hash,
    source_tags,
)
from generative.tracking.views import KIND, View

# The experiment, and the tag that it is known by when it has another name.
EXPERIMENT, OURS = "generative", "generative.runs"
# What MLflow takes in one request.
MOST_PARAMS, MOST_METRICS, MOST_RUNS = 100, 1000, 50_000
# Pictures of a training under one key, which the UI has a slider for; and how many at most.
SNAPSHOTS, MOST_SNAPSHOTS = "samples/training", 50
# The tags of a search that its trials have, too.
OF_TRIALS = ("model", "family", "network", "dataset", "seed", "profile")
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
        """One process at a time makes a new SQLite file: two at once leave it broken, as does a
        kill."""
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
            if not database.stat().st_size:
                make_tables(database)
            yield

    def _experiment_id(self) -> str:
        found = self.client.get_experiment_by_name(EXPERIMENT) or self._renamed()
        if found and found.lifecycle_stage == "deleted":  # MLflow keeps its name, and takes no run
            self.client.restore_experiment(found.experiment_id)
            print(f"MLflow's experiment {EXPERIMENT} was deleted; it is restored, for new runs")
        if found:
            return str(found.experiment_id)
        location = None
        if self.uri.startswith("sqlite:///"):
            location = Path(self.uri.removeprefix("sqlite:///")).parent.as_uri()
        return self.client.create_experiment(EXPERIMENT, location, {OURS: "true"})

    def _renamed(self) -> Any:
        """The experiment that was ours, if its user has given it another name."""
        found = self.client.search_experiments(filter_string=f"tags.`{OURS}` = 'true'")
        if found:
            print(f"MLflow's experiment {EXPERIMENT} is now called {found[0].name}")
        return next(iter(found), None)

    def ping(self) -> None:
        """Ask the store for anything; raises where it cannot be used."""
        self.client.get_experiment(self.experiment)

    def find(self, tags: dict[str, str], status: str = "") -> list[Any]:
        """Runs with these tags, and in this status if one is given, newest first."""
        conditions = [f"tags.`{name}` = '{value}'" for name, value in tags.items()]
        conditions += [f"attributes.status = '{status}'"] if status else []
        return self.search(" and ".join(conditions))

    def search(self, query: str) -> list[Any]:
        """Runs that a query in MLflow's language finds, newest first."""
        return self.client.search_runs(
            [self.experiment], query, max_results=MOST_RUNS, order_by=["start_time DESC"]
        )

    def tag(self, run: Any, tags: Mapping[str, str]) -> None:
        """Give a run these tags, all or none; those that it has are not sent."""
        from mlflow.entities import RunTag

        new = {n: v for n, v in tags.items() if v and run.data.tags.get(n) != v}
        if new:
            self.client.log_batch(run.info.run_id, tags=[RunTag(n, v) for n, v in new.items()])

    def delete(self, run: str) -> None:
        """Delete a run that is not whole, with the model that was logged for it."""
        models = self.client.search_logged_models([self.experiment], f"source_run_id = '{run}'")
        for model in models:
            self.client.delete_logged_model(model.model_id)
        self.client.delete_run(run)

    def keep_views(self, ready: Iterable[View]) -> None:
        """Let the experiment open as training of models, unless its user says otherwise, with views
        that links open."""
        there = self.client.get_experiment(self.experiment).tags
        wanted = dict(view.tag() for view in ready)
        kind, training = KIND
        for name, value in {kind: there.get(kind, training), **wanted}.items():
            if there.get(name) != value:
                self.client.set_experiment_tag(self.experiment, name, value)

    def close_killed(self) -> int:
        """End the runs of this checkout whose process was killed before it could; how many."""
        running = [
            run
            for run in self.find({"checkout": checkout(), "origin": "live"}, "RUNNING")
            if not is_alive(run.data.tags.get("process", ""))
        ]
        for run in running:
            self.client.set_terminated(run.info.run_id, "KILLED")
        return len(running)

    def create(self, stage: str, params: dict[str, Any], tags: dict[str, Any], data: Path) -> str:
        """A new run of `stage`, running; its id. `params` is nested as params.yaml."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        all_tags = {
            "dvc.stage": stage,
            "data.md5": file_hash(data) if data.is_file() else md5_of_folder(data),
            "profile": read_document().get("profile", "unknown"),
            **names.tags(stage, params),
            **source_tags(stage, tags.get("origin") != "restored"),
            **tags,
        }
        identity = params_hash(params)
        title = stage.removeprefix("train@").replace("@", " ")
        name = f"{title} · {all_tags['profile']} · {identity[:7]}"
        run = self._create(name, names.parameters(params), all_tags)
        source, (schema, profile) = json.dumps({"uri": str(data)}), descriptions.of_data(data)
        dataset = Dataset(data.name, all_tags["data.md5"], "local", source, schema, profile)
        context = [InputTag("mlflow.data.context", "training")]
        self.client.log_inputs(run, [DatasetInput(dataset, context)])
        self.client.set_tag(run, "params.hash", identity)  # a run without it is not whole
        return run

    def _create(self, name: str, params: Mapping[str, Any], tags: Mapping[str, Any]) -> str:
        from mlflow.entities import Param

        texts = {tag: str(value) for tag, value in tags.items()}
        run: str = self.client.create_run(self.experiment, tags=texts, run_name=name).info.run_id
        for batch in in_batches([Param(named(n), str(v)) for n, v in params.items()], MOST_PARAMS):
            self.client.log_batch(run, params=batch)
        return run

    def add_trials(self, parent: str, rows: list[dict[str, Any]]) -> None:
        """A finished run inside that of a search for each row (`trial`, the arguments, `val_loss`)
        that has none."""
        if not rows:
            return
        shared = {n: v for n, v in self.client.get_run(parent).data.tags.items() if n in OF_TRIALS}
        there = {run.data.tags["trial"]: run for run in self.find({"mlflow.parentRunId": parent})}
        for row in rows:
            number = str(row["trial"])
            if number in there:
                if there[number].info.status == "FINISHED":
                    continue
                # The process was killed while it sent it.
                self.client.delete_run(there[number].info.run_id)
            arguments = {f"model.{n}": v for n, v in row.items() if n not in ("trial", "val_loss")}
            tags = {"mlflow.parentRunId": parent, "trial": number, **shared}
            loss = float(row["val_loss"])
            if not math.isfinite(loss):  # MLflow's charts would reach to 1e308
                tags["diverged"] = "true"
            run = self._create(f"trial {number}", arguments, tags)
            if math.isfinite(loss):
                self.log(run, [({"val/loss": loss}, 0)])
            self.client.set_terminated(run, "FINISHED")

    def log(
        self, run: str, points: Iterable[tuple[Mapping[str, float], int]], model: str = ""
    ) -> None:
        """The next points of the run's curves, by name, each with its step; final metrics of a
        logged model belong to that, too."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        batch: list[Metric] = []
        for values, step in points:
            row = [
                Metric(named(name), float(value), now, step, model_id=model or None)
                for name, value in values.items()
            ]
            if len(batch) + len(row) > MOST_METRICS:  # a step is sent whole
                self.client.log_batch(run, metrics=batch)
                batch = []
            batch += row
        for last in in_batches(batch, MOST_METRICS):
            self.client.log_batch(run, metrics=last)

    def steps(self, run: str, metric: str) -> set[int]:
        """The steps at which a curve has a point."""
        return {point.step for point in self.client.get_metric_history(run, named(metric))}

    def add_curves(self, run: str, folder: Path) -> None:
        """What the run lacks of the curves of a training, whose table is in `folder`."""
        table = read_table(folder)
        step, *columns = table.columns  # an epoch, or an evaluation
        if not columns or table.empty:
            return
        there = self.steps(run, names.curve(str(columns[0])))
        rows: Any = table.to_dict("records")
        new = [row for row in rows if int(row[step]) not in there]
        self.log(run, [(curves(row, columns), int(row[step])) for row in new])
        self.log(run, [(names.best(rows, str(step)), 0)])

    def add_snapshots(self, run: str, folder: Path, epochs: int) -> None:
        """What the run lacks of the pictures or texts of a training, which are in `folder`.

        epochs: that it was to have, as its live run knew them; 0 where nobody knows.
        """
        if not (folder / history.SNAPSHOTS).exists():
            return
        there = self.snapshots(run)
        frames = read_snapshots(folder)
        for epoch in shown_epochs(epochs or len(frames) - 1):
            if epoch not in there and epoch < len(frames):
                self.log_snapshot(run, frames[epoch], epoch)

    def snapshots(self, run: str) -> set[int]:
        """The epochs that the run has pictures or texts of."""
        files = [
            file.path
            for place in ("images", SNAPSHOTS)
            for file in self.client.list_artifacts(run, place)
        ]
        found = (re.search(r"(?:training\+step\+|epoch_)(\d+)", file) for file in files)
        return {int(number[1]) for number in found if number}

    def log_snapshot(self, run: str, snapshot: Any, epoch: int) -> None:
        """What a model showed after an epoch: texts [count], or images [count, height, width,
        channels] in [0, 1] in one picture."""
        if snapshot.dtype.kind == "U":
            text = "\n\n---\n\n".join(snapshot)
            self.client.log_text(run, text, f"{SNAPSHOTS}/epoch_{epoch:03}.txt")
        else:
            self.client.log_image(run, side_by_side(snapshot), key=SNAPSHOTS, step=epoch)


def make_tables(database: Path) -> None:
    """Put MLflow's tables into an empty SQLite file. They are made beside it, as a kill meanwhile
    leaves what MLflow can neither use nor mend."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    part = new_part(database)
    part.mkdir()
    with locked(part):
        try:
            made = part / database.name
            store = SqlAlchemyStore(f"sqlite:///{made}", database.parent.as_uri())
            store.engine.dispose()
            to_disk(made)
            move(made, database)
        finally:
            shutil.rmtree(part)


def curves(row: Mapping[str, float], columns: Iterable[Any]) -> dict[str, float]:
    """A row of a training's history by the names of the curves."""
    return {names.curve(str(name)): row[name] for name in columns}


def shown_epochs(epochs: int) -> list[int]:
    """The epochs of a training whose pictures are sent: the first, every so many after it, and the
    last."""
    return sorted({*range(1, epochs, -(-epochs // (MOST_SNAPSHOTS - 1)) or 1), epochs})


def side_by_side(images: Any) -> Any:
    """Images [count, height, width, channels] in one that is as wide as high, or nearly."""
    import numpy as np

    count, height, width, channels = images.shape
    columns = math.ceil(math.sqrt(count))
    full = np.pad(images, ((0, -count % columns), (0, 0), (0, 0), (0, 0)))
    rows = full.reshape(-1, columns, height, width, channels).swapaxes(1, 2)
    return rows.reshape(-1, columns * width, channels)
