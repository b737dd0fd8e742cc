"""Live runs, on real stores."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from generative.core.folders import file_hash
from generative.tracking import live, store
from generative.tracking.live import live_run
from generative.tracking.provenance import md5_of_folder
from tests.support.tracking import UNUSABLE, artifacts, query

PARAMS = {
    "train": {
        "cvae": {
            **{"family": "vae", "network": "vae/cvae", "dataset": "mnist", "seed": 7},
            **{"epochs": 100, "model": {"beta": 1.0}},
        }
    },
    "runtime": {"threads": 0},
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "mnist"
    folder.mkdir()
    (folder / "mnist.npz").write_bytes(b"digits")
    return folder


def train(data: Path, folder: Path, error: BaseException | None = None) -> Any:
    """What the stage does, without the training; its live run."""
    with live_run("train@cvae", PARAMS, data, {"device": "CPU"}) as run:
        for epoch in (1, 2):
            run.epoch(epoch, {"loss": 10.0 / epoch}, np.zeros((2, 4, 4, 1), np.float32))
        if error:
            raise error
        folder.mkdir()
        (folder / "model.weights.h5").write_bytes(b"weights")
        run.finish(folder / "model.weights.h5")
    return run


def losses(database: Path) -> list[Any]:
    """The step and value of each point of the training loss."""
    sql = "select step, value from metrics where key = 'train/loss' order by step"
    return query(database, sql)


def warnings_in(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line.startswith("warning")]


def test_a_live_run(data: Path, database: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "model")
    assert query(database, "select status from runs") == [("FINISHED",)]
    assert losses(database) == [(1, 10.0), (2, 5.0)]
    system = "select key, step from metrics where key like 'system/%' and value > 0"
    assert sorted(query(database, system)) == [
        (f"system/{name}", epoch) for name in ("epoch_seconds", "memory_mib") for epoch in (1, 2)
    ]
    names = dict(query(database, "select key, value from params"))
    assert names == {"epochs": "100", "model.beta": "1.0", "runtime.threads": "0", "seed": "7"}
    tags = dict(query(database, "select key, value from tags"))
    assert tags["dvc.stage"] == "train@cvae"
    assert tags["origin"] == "live"
    assert tags["device"] == "CPU"
    assert (tags["family"], tags["model"], tags["seed"]) == ("vae", "cvae", "7")
    assert (tags["network"], tags["dataset"]) == ("vae/cvae", "mnist")
    assert tags["mlflow.source.name"] == "stages/train.py"
    assert tags["mlflow.user"]
    assert tags["result.md5"] == file_hash(tmp_path / "model" / "model.weights.h5")
    assert tags["data.md5"] == md5_of_folder(data)
    assert query(database, "select name, digest from datasets") == [("mnist", tags["data.md5"])]


def test_any_name_is_tracked(data: Path, database: Path) -> None:
    """Of a picture, which is its user's to name."""
    params = {"style": {"a": {"blend": {"a (1).jpg": 2.0, "星夜.jpg": 1.0, "n" * 300: 1.0}}}}
    with live_run("style@a", params, data, {}) as run:
        run.epoch(1, {"a (1)": 1.0}, np.empty(0))
    names = [name for (name,) in query(database, "select key from params order by key")]
    blend = "blend."
    assert len(names[1]) == 250
    assert names[1].startswith(f"{blend}nnnn")
    assert names == [f"{blend}a _28_1_29_.jpg", names[1], f"{blend}星夜.jpg"]
    curve = "select key from metrics where key not like 'system/%'"
    assert query(database, curve) == [("train/a _28_1_29_",)]


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("broken"), "FAILED"), (KeyboardInterrupt(), "KILLED")]
)
def test_a_training_that_fails(
    data: Path, database: Path, tmp_path: Path, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)):
        train(data, tmp_path / "model", error)
    assert query(database, "select status from runs") == [(status,)]


def test_tracking_off(
    data: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENERATIVE_TRACKING", "off")
    train(data, tmp_path / "model")
    assert query(database, "select * from runs") == []


@pytest.mark.parametrize("uri", UNUSABLE)
def test_an_unusable_store_stops_no_training(
    data: Path, tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    train(data, tmp_path / "model")
    assert (tmp_path / "model" / "model.weights.h5").exists()
    (line,) = warnings_in(capfd.readouterr().out)
    assert uri in line
    assert "run: generative publish" in line


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Nobody else can read or write the store."""
    with closing(sqlite3.connect(database, isolation_level=None)) as holder:
        holder.execute("begin exclusive")
        yield


@pytest.mark.slow
def test_a_locked_store_stops_no_training(
    data: Path, database: Path, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends while the store is locked; what it sent is in the store once that is free."""

    def patient(file: Path, timeout: float) -> sqlite3.Connection:
        return sqlite3.connect(file, timeout=60)

    # Whoever waits for the store waits until the lock is gone.
    monkeypatch.setattr(store, "sqlite3", SimpleNamespace(connect=patient))
    monkeypatch.setattr(live, "CLOSE_SECONDS", 0)
    with locked(database):
        run = train(data, tmp_path / "model")
        assert (tmp_path / "model" / "model.weights.h5").exists()
        assert run.thread.is_alive()
        (line,) = warnings_in(capfd.readouterr().out)
    assert line == "warning: MLflow is slow; run generative publish later"
    run.thread.join()
    assert query(database, "select status from runs") == [("FINISHED",)]
    assert losses(database) == [(1, 10.0), (2, 5.0)]


def test_a_store_that_stays_locked_stops_no_training(
    data: Path, database: Path, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CLOSE_SECONDS", 240)
    with locked(database):
        run = train(data, tmp_path / "model")
        assert (tmp_path / "model" / "model.weights.h5").exists()
        assert not run.thread.is_alive()
        (line,) = warnings_in(capfd.readouterr().out)
    assert line.startswith("warning: not tracked: ")
    assert "database is locked" in line
    assert query(database, "select * from runs") == []


def test_a_store_that_is_back_gets_what_it_missed(
    data: Path, database: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setattr(live, "RETRY_SECONDS", 0.1)
    with live_run("train@cvae", PARAMS, data, {}) as run:
        printed = ""
        with locked(database):
            for epoch in (1, 2):
                run.epoch(epoch, {"loss": 10.0 / epoch}, np.empty(0))
            while "not tracked" not in printed:
                threading.Event().wait(0.1)
                printed += capfd.readouterr().out
        run.epoch(3, {"loss": 1.0}, np.empty(0))
    assert len(warnings_in(printed)) == 1
    assert "MLflow is back" in capfd.readouterr().out
    assert losses(database) == [(1, 10.0), (2, 5.0), (3, 1.0)]
    assert query(database, "select status from runs") == [("FINISHED",)]


def test_a_stopped_training_goes_on_in_its_run(data: Path, database: Path) -> None:
    """Without a gap and without a point twice, wherever it was stopped."""

    def run(epochs: tuple[int, ...], error: BaseException | None = None) -> None:
        with live_run("train@cvae", PARAMS, data, {}, "cvae-0123456789ab") as live:
            for epoch in epochs:
                done = epoch < epochs[-1] and error is None
                live.epoch(epoch, {"loss": 10.0 / epoch}, None if done else np.empty(0))
            if error:
                raise error

    with pytest.raises(KeyboardInterrupt):
        run((1, 2, 3), KeyboardInterrupt())
    assert query(database, "select status from runs") == [("KILLED",)]
    run((1, 2, 3, 4))
    assert losses(database) == [(1, 10.0), (2, 5.0), (3, 10.0 / 3), (4, 2.5)]
    # Only of what this process did.
    seconds = "select step from metrics where key = 'system/epoch_seconds' order by step"
    assert query(database, seconds) == [(1,), (2,), (3,), (4,)]
    assert query(database, "select status from runs") == [("FINISHED",)]
    with live_run("train@cvae", PARAMS, data, {}, "cvae-ba9876543210"):
        pass
    assert len(query(database, "select * from runs")) == 2


def test_a_store_that_goes_while_the_run_is_made(
    data: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is made again, and whole."""
    monkeypatch.setattr(live, "RETRY_SECONDS", 0.1)
    make = store.Store.create
    failed: list[str] = []

    def create(self: store.Store, *arguments: Any) -> str:
        if not failed:
            failed.append("once")
            monkeypatch.setattr(self.client, "log_batch", gone)
        return make(self, *arguments)

    def gone(*arguments: Any, **options: Any) -> None:
        raise OSError("the server is gone")

    monkeypatch.setattr(store.Store, "create", create)
    with live_run("train@cvae", PARAMS, data, {}, "cvae-0123456789ab") as run:
        assert isinstance(run, live.LiveRun)
        run.epoch(1, {"loss": 1.0}, np.empty(0))
        while run.steps is None and run.thread.is_alive():
            run.thread.join(0.1)
    query_of_runs = "select status, lifecycle_stage from runs order by start_time"
    assert query(database, query_of_runs) == [("RUNNING", "deleted"), ("FINISHED", "active")]
    assert len(query(database, "select * from params")) == 4
    assert losses(database) == [(1, 1.0)]


WORKS = """
import sys
from pathlib import Path
import numpy as np
from generative.tracking.live import live_run
with live_run("train@cvae", {"runtime": {"threads": 0}}, Path(sys.argv[1]), {}, "cvae-0") as run:
    run.epoch(1, {"loss": 1.0}, np.empty(0))
    while run.steps is None and run.thread.is_alive():
        run.thread.join(0.1)
    print("in", flush=True)
    input()
"""


def test_two_at_one_time_have_a_run_each(data: Path, database: Path) -> None:
    command = [sys.executable, "-c", WORKS, str(data)]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "in\n"
        with live_run("train@cvae", PARAMS, data, {}, "cvae-0") as run:
            run.epoch(1, {"loss": 2.0}, np.empty(0))
        statuses = "select status from runs order by start_time"
        assert query(database, statuses) == [("RUNNING",), ("FINISHED",)]
        other.communicate("\n")
    assert query(database, statuses) == [("FINISHED",), ("FINISHED",)]


KILLED = """
import os, signal, sys
from pathlib import Path
import numpy as np
from generative.core import stopping
from generative.tracking.live import live_run
stopping.watch()
with live_run("train@cvae", {"runtime": {}}, Path(sys.argv[1]), {}) as run:
    run.epoch(1, {"loss": 1.0}, np.empty(0))
    while run.steps is None and run.thread.is_alive():
        run.thread.join(0.1)
    os.kill(os.getpid(), int(sys.argv[2]))
    signal.pause()
    signal.pause()
"""


def run_and_kill(data: Path, number: signal.Signals) -> None:
    program = [sys.executable, "-c", KILLED, str(data), str(int(number))]
    assert subprocess.run(program, check=False).returncode in (-number, 128 + number)


def test_a_training_that_is_told_to_stop(data: Path, database: Path) -> None:
    run_and_kill(data, signal.SIGTERM)
    assert query(database, "select status from runs") == [("KILLED",)]


def test_publish_closes_what_a_kill_left_open(data: Path, database: Path) -> None:
    with live_run("train@cvae", PARAMS, data, {}):
        run_and_kill(data, signal.SIGKILL)
        statuses = "select status from runs order by start_time"
        assert query(database, statuses) == [("RUNNING",), ("RUNNING",)]
        assert store.Store().close_killed() == 1
        assert query(database, statuses) == [("RUNNING",), ("KILLED",)]


def test_a_damaged_store_stops_no_training(data: Path, database: Path, tmp_path: Path) -> None:
    database.write_bytes(b"no database at all" * 100)
    train(data, tmp_path / "model")
    assert (tmp_path / "model" / "model.weights.h5").exists()


@pytest.mark.parametrize("channels", [1, 3])
def test_snapshots_are_one_picture(
    data: Path, database: Path, tmp_path: Path, channels: int
) -> None:
    from PIL import Image

    greys = np.linspace(0, 1, 7, dtype=np.float32)[:, None, None, None]
    frame = greys * np.ones((7, 4, 6, channels), np.float32)
    with live_run("train@dcgan", PARAMS, data, {}) as run:
        run.epoch(1, {"generator": 0.5}, frame)
    (file,) = artifacts(database).rglob("samples~training*.png")
    with Image.open(file) as picture:
        assert picture.size == (18, 12)
        pixels = np.asarray(picture.convert("L"))
    assert (pixels[0, 0], pixels[11, 0], pixels[0, 17]) == (0, 255, 85)


def test_the_pictures_of_a_long_training_are_few(data: Path, database: Path) -> None:
    """At most 50, under one key, for the UI's slider."""
    with live_run("train@cvae", PARAMS, data, {}) as run:
        for epoch in range(1, 101):
            run.epoch(epoch, {"loss": 1.0}, np.zeros((1, 2, 2, 1), np.float32))
    found = (file.name for file in artifacts(database).rglob("samples~training*.png"))
    epochs = sorted(int(name.split("+")[2]) for name in found)
    assert epochs == [*range(1, 100, 3), 100]


def test_an_experiment_of_dvc_is_named(
    data: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "wide")
    train(data, tmp_path / "model")
    assert query(database, "select value from tags where key = 'dvc.exp'") == [("wide",)]


def test_a_training_that_ended_is_not_gone_on_with(data: Path, database: Path) -> None:
    """Trained again, on a device that gives other bits: a run of its own."""
    for loss in (2.0, 3.0):
        with live_run("train@cvae", PARAMS, data, {}, "cvae-0123456789ab") as run:
            run.epoch(1, {"loss": loss}, np.empty(0))
    assert losses(database) == [(1, 2.0), (1, 3.0)]


def test_a_request_that_is_refused_stops_no_other(
    data: Path, database: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow.exceptions import MlflowException

    def refuse(*arguments: Any) -> None:
        raise MlflowException.invalid_parameter_value("no such picture")

    monkeypatch.setattr(store.Store, "log_snapshot", refuse)
    with live_run("train@cvae", PARAMS, data, {}) as run:
        run.epoch(1, {"loss": 2.0}, np.zeros((1, 2, 2, 1), np.float32))
        run.epoch(2, {"loss": 1.0}, np.empty(0))
    assert "no such picture" in capfd.readouterr().out
    assert query(database, "select status from runs") == [("FINISHED",)]
    assert losses(database) == [(2, 1.0)]
