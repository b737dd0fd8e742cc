"""Live runs and publishing, on real stores. What publish does as results come and go is told by
the story of tests/test_pipeline.py."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.tracking import mlflow_view as tracking
from tests.conftest import query

PARAMS = {"train": {"cvae": {"epochs": 1, "model": {"beta": 1.0}}}, "runtime": {"threads": 0}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "mnist"
    folder.mkdir()
    (folder / "mnist.npz").write_bytes(b"digits")
    return folder


def train(data: Path, folder: Path, error: BaseException | None = None) -> None:
    """What the stage does, without the training."""
    with tracking.live_run("train@cvae", PARAMS, data, {"device": "CPU"}) as run:
        for epoch in (1, 2):
            run.epoch(epoch, {"loss": 10.0 / epoch}, np.zeros((2, 4, 4, 1), np.float32))
        if error:
            raise error
        folder.mkdir()
        (folder / "model.weights.h5").write_bytes(b"weights")
        run.finish(folder / "model.weights.h5")


def test_a_live_run(data: Path, database: Path, tmp_path: Path) -> None:
    train(data, tmp_path / "model")
    assert query(database, "select status from runs") == [("FINISHED",)]
    points = query(database, "select key, step, value from metrics order by step")
    assert points == [("loss", 1, 10.0), ("loss", 2, 5.0)]
    names = dict(query(database, "select key, value from params"))
    assert names == {
        "train.cvae.epochs": "1",
        "train.cvae.model.beta": "1.0",
        "runtime.threads": "0",
    }
    tags = dict(query(database, "select key, value from tags"))
    assert tags["dvc.stage"] == "train@cvae"
    assert tags["origin"] == "live"
    assert tags["device"] == "CPU"
    assert tags["result.md5"] == tracking.md5_of_file(tmp_path / "model" / "model.weights.h5")
    assert tags["data.md5"] == tracking.md5_of_folder(data)
    assert query(database, "select name, digest from datasets") == [("mnist", tags["data.md5"])]


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


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:9",  # a server that is gone
        "sqlite:////proc/mlflow.db",  # a place where nobody may write
        "sqlite:////dev/null/mlflow.db",  # no folder at all
    ],
)
def test_an_unusable_store_stops_no_training(
    data: Path, tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    train(data, tmp_path / "model")
    assert (tmp_path / "model" / "model.weights.h5").exists()
    (line,) = [li for li in capfd.readouterr().out.splitlines() if li.startswith("warning")]
    assert uri in line
    assert "run: generative publish" in line
    with pytest.raises(tracking.Unreachable, match="the results are on disk"), tracking.reached():
        tracking.Store()


def test_a_locked_store_stops_no_training(
    data: Path, database: Path, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "CLOSE_SECONDS", 60)
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute("begin exclusive")
    done = threading.Event()
    try:
        train(data, tmp_path / "model")
        done.set()
    finally:
        holder.rollback()
        holder.close()
    assert done.is_set()
    assert "warning: " in capfd.readouterr().out


def test_a_damaged_store_stops_no_training(data: Path, database: Path, tmp_path: Path) -> None:
    database.write_bytes(b"no database at all" * 100)
    train(data, tmp_path / "model")
    assert (tmp_path / "model" / "model.weights.h5").exists()


def test_six_processes_start_on_a_fresh_store(tmp_path: Path) -> None:
    program = (
        "from generative.tracking import Store\n"
        "store = Store()\n"
        "run = store.client.create_run(store.experiment)\n"
        "store.log(run.info.run_id, {'loss': 1.0}, 1)"
    )
    environment = {"MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlruns/mlflow.db"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for process in started:
        _, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
    database = tmp_path / "mlruns" / "mlflow.db"
    assert query(database, "select count(*) from runs") == [(6,)]
    assert query(database, "select count(*) from experiments where name = 'generative'") == [(1,)]


def test_publish_asks_for_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(tracking.BadInput, match="dvc.lock is missing; run dvc repro first"):
        tracking.publish()
    (tmp_path / "dvc.lock").write_text(
        "stages:\n  train@cvae:\n    outs:\n    - path: data/models/cvae\n"
    )
    with pytest.raises(tracking.BadInput, match="data/models/cvae is missing; run dvc pull"):
        tracking.publish()
    assert query(database, "select * from runs") == []


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Path) -> Path:
    """What the pipeline leaves of one model, without the pipeline."""
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "data/prepared/mnist/mnist.npz": "digits",
        "data/models/cvae/model.json": "{}",
        "data/models/cvae/model.weights.h5": "weights",
        "data/models/cvae/history.csv": "epoch,loss\n1,3.5\n2,2.5\n",
        "data/metrics/cvae/metrics.json": '{"elbo_nats": -150.5, "judge": "abc"}',
        "data/samples/cvae/samples.png": "picture",
        "params.yaml": "profile: test",
        "dvc.lock": json.dumps({"stages": LOCK}),
    }.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path


LOCK = {
    "train@cvae": {
        "deps": [{"path": "data/prepared/mnist"}],
        "outs": [{"path": "data/models/cvae"}],
        "params": {
            "params.yaml": {
                "train.cvae": {"dataset": "mnist", "precision": "auto"},
                "runtime": {"determinism": True},
            }
        },
    },
    "evaluate@cvae": {"outs": [{"path": "data/metrics/cvae", "md5": "1"}]},
}


def test_publish_restores_keeps_and_updates(results: Path, database: Path) -> None:
    assert tracking.publish() == {"train@cvae": "restored"}
    assert tracking.publish() == {"train@cvae": "kept"}
    (results / "data/metrics/cvae/metrics.json").write_text('{"elbo_nats": -149.5}')
    newer = {**LOCK, "evaluate@cvae": {"outs": [{"path": "data/metrics/cvae", "md5": "2"}]}}
    (results / "dvc.lock").write_text(json.dumps({"stages": newer}))
    assert tracking.publish() == {"train@cvae": "updated"}
    assert query(database, "select status from runs") == [("FINISHED",)]
    assert query(database, "select value from tags where key = 'judge'") == [("abc",)]
    points = set(query(database, "select key, step, value from latest_metrics"))
    assert points == {("loss", 2, 2.5), ("test/elbo_nats", 0, -149.5)}
    ((uri,),) = query(database, "select artifact_uri from runs")
    folder = Path(uri.removeprefix("file://"))
    assert (folder / "pictures" / "samples.png").exists()
    assert (folder / "model" / "model.weights.h5").exists()


def test_publish_sends_all_of_a_gan(results: Path, database: Path) -> None:
    """Whose metrics hold words, whose pictures lie in two folders, and whose training warned."""
    metrics = {
        "frechet_distance": 0.25,
        "floor_frechet_distance": 0.125,
        "digits_covered": 10,
        "features": "alexnet 0123",
        "judge": "abc",
    }
    for name, content in {
        "metrics/cvae/metrics.json": json.dumps(metrics),
        "metrics/cvae/digits_by_epoch.png": "picture",
        "metrics/cvae/digits_by_epoch.csv": "epoch,digit_0\n1,5\n",
        "models/cvae/concerns.txt": "epoch 1: it dominates\n",
        "models/cvae/history.csv": "epoch,generator,gradient_norm,val_generator\n1,-0.5,0.1,-0.4\n",
    }.items():
        (results / "data" / name).write_text(content)
    assert tracking.publish() == {"train@cvae": "restored"}
    points = dict(query(database, "select key, value from latest_metrics"))
    assert points == {
        "generator": -0.5,
        "gradient_norm": 0.1,
        "val_generator": -0.4,
        "test/frechet_distance": 0.25,
        "test/floor_frechet_distance": 0.125,
        "test/digits_covered": 10,
    }
    tags = dict(query(database, "select key, value from tags"))
    assert (tags["features"], tags["judge"]) == ("alexnet 0123", "abc")
    ((uri,),) = query(database, "select artifact_uri from runs")
    folder = Path(uri.removeprefix("file://"))
    assert {f.name for f in (folder / "pictures").iterdir()} == {
        "samples.png",
        "digits_by_epoch.png",
    }
    assert (folder / "model" / "concerns.txt").read_text() == "epoch 1: it dominates\n"


@pytest.mark.parametrize("channels", [1, 3])
def test_snapshots_are_one_picture(
    data: Path, database: Path, tmp_path: Path, channels: int
) -> None:
    from PIL import Image

    greys = np.linspace(0, 1, 7, dtype=np.float32)[:, None, None, None]
    frame = greys * np.ones((7, 4, 6, channels), np.float32)
    with tracking.live_run("train@dcgan", PARAMS, data, {}) as run:
        run.epoch(1, {"generator": 0.5}, frame)
    ((uri,),) = query(database, "select artifact_uri from runs")
    (file,) = Path(uri.removeprefix("file://")).rglob("snapshot*.png")
    with Image.open(file) as picture:
        assert picture.size == (18, 12)
        pixels = np.asarray(picture.convert("L"))
    assert (pixels[0, 0], pixels[11, 0], pixels[0, 17]) == (0, 255, 85)


def test_publish_asks_for_the_data_of_a_run_that_it_makes(results: Path, database: Path) -> None:
    (results / "data/prepared/mnist/mnist.npz").unlink()
    (results / "data/prepared/mnist").rmdir()
    with pytest.raises(tracking.BadInput, match="data/prepared/mnist is missing; run dvc pull"):
        tracking.publish()
    assert query(database, "select * from runs") == []


def test_a_publish_that_was_cut_off_is_done_again(
    results: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(tracking, "add_results", lambda *_: 1 / 0)
        with pytest.raises(tracking.Unreachable):
            tracking.publish()
    assert tracking.publish() == {"train@cvae": "restored"}
    active = "select count(*) from runs where lifecycle_stage = 'active'"
    assert query(database, active) == [(1,)]


def test_digest_knows_no_order() -> None:
    assert tracking.digest({"a": 1, "b": [2]}) == tracking.digest({"b": [2], "a": 1})
    assert tracking.digest({"a": 1}) != tracking.digest({"a": 2})


def test_nest_undoes_the_names_of_the_lock() -> None:
    blocks = {"train.cvae": {"epochs": 1}, "train.cvae.dataset": "mnist", "runtime": {"threads": 0}}
    assert tracking.nest(blocks) == {
        "train": {"cvae": {"epochs": 1, "dataset": "mnist"}},
        "runtime": {"threads": 0},
    }
