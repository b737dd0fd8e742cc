"""A remote MLflow server that keeps the artifacts, too."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.tracking import live, publish, store
from generative.tracking.live import LiveRun, live_run
from tests.support import server
from tests.support.tracking import query, write_results

pytestmark = pytest.mark.slow
SECTION = {"family": "vae", "network": "vae/cvae", "dataset": "mnist", "seed": 1, "epochs": 4}
PARAMS: dict[str, Any] = {"train": {"cvae": SECTION}, "runtime": {"determinism": True}}
LOCK: dict[str, Any] = {
    "train@cvae": {
        "deps": [{"path": "data/prepared/mnist"}],
        "outs": [{"path": "data/models/cvae"}],
        "params": {"params.yaml": {"train.cvae": SECTION, "runtime": {"determinism": True}}},
    }
}
FRAME = np.zeros((2, 4, 4, 1), np.float32)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "data/prepared/mnist").mkdir(parents=True)
    np.savez_compressed(folder / "data/prepared/mnist/mnist.npz", train_images=np.zeros((3, 28)))
    table = ["epoch,loss,val_loss", *(f"{n},{4 / n},{5 / n}" for n in range(1, 5)), ""]
    signature = {
        "inputs": [{"name": None, "dtype": "float32", "shape": [-1, 2]}],
        "outputs": [{"name": None, "dtype": "float32", "shape": [-1, 28, 28, 1]}],
    }
    files = {
        "models/cvae/model.json": "{}",
        "models/cvae/model.weights.h5": "weights",
        "models/cvae/signature.json": signature,
        "history/cvae/history.csv": "\n".join(table),
        "history/cvae/params.json": PARAMS,
        "metrics/cvae/metrics.json": {"elbo_nats": -150.5},
        "samples/cvae/samples.png": "picture",
    }
    write_results(folder, {"profile": "test", "train": {"cvae": SECTION}}, LOCK, files)
    frames = np.zeros((5, 2, 4, 4, 1))  # the first of before the training
    np.savez_compressed(folder / "data/history/cvae/snapshots.npz", frames=frames)
    monkeypatch.chdir(folder)
    return folder


def test_a_server_that_is_killed_and_started_again(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """In the middle of a training: the run gets what it missed, once, and is published with its
    files, which a client reads through the server."""
    import mlflow

    port = server.free_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    monkeypatch.setattr(live, "RETRY_SECONDS", 0.2)
    kept = tmp_path / "server"
    kept.mkdir()
    data = Path("data/prepared/mnist")
    with (
        server.serving(kept, port) as first,
        live_run("train@cvae", PARAMS, data, {"device": "CPU"}) as run,
    ):
        assert isinstance(run, LiveRun)
        run.epoch(1, {"loss": 4.0, "val_loss": 5.0}, FRAME)
        while not run.steps:
            run.thread.join(0.1)
        server.stop(first)
        run.epoch(2, {"loss": 2.0, "val_loss": 2.5}, FRAME)
        printed = ""
        while "not tracked" not in printed:
            run.thread.join(0.1)
            printed += capfd.readouterr().out
        with server.serving(kept, port):
            for epoch in (3, 4):
                run.epoch(epoch, {"loss": 4 / epoch, "val_loss": 5 / epoch}, FRAME)
            run.finish(Path("data/models/cvae/model.weights.h5"))
            run.close("FINISHED")
            assert dict(publish.publish()) == {"train@cvae": "tagged"}
            assert dict(publish.publish()) == {"train@cvae": "kept"}
            (found,) = store.Store().find({"model": "cvae"})
            files = store.Store().client.list_artifacts(found.info.run_id, "pictures")
            assert [file.path for file in files] == ["pictures/samples.png"]
            assert store.Store().snapshots(found.info.run_id) == {1, 2, 3, 4}
            (logged,) = mlflow.MlflowClient().search_logged_models([found.info.experiment_id])
            place = mlflow.artifacts.download_artifacts(f"models:/{logged.model_id}")
            assert (Path(place) / "model.weights.h5").read_text() == "weights"
            assert "elbo_nats" in json.dumps([m.key for m in logged.metrics or []])
    database = kept / "mlflow.db"
    sql = "select step, value from metrics where key = 'train/loss' order by step"
    assert query(database, sql) == [(1, 4.0), (2, 2.0), (3, 4 / 3), (4, 1.0)]
    assert query(database, "select status from runs") == [("FINISHED",)]


def test_all_but_times_comes_back(
    results: Path, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a store that is empty: what was live is restored with the same curves, metrics,
    parameters, pictures of the training and model."""
    data = Path("data/prepared/mnist")
    with live_run("train@cvae", PARAMS, data, {"device": "CPU"}) as run:
        for epoch in range(1, 5):
            run.epoch(epoch, {"loss": 4 / epoch, "val_loss": 5 / epoch}, FRAME)
        run.finish(Path("data/models/cvae/model.weights.h5"))
    assert dict(publish.publish()) == {"train@cvae": "tagged"}
    first = content(database)
    another = tmp_path / "another" / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{another}")
    assert dict(publish.publish()) == {"train@cvae": "restored"}
    assert content(another) == first


def content(database: Path) -> dict[str, Any]:
    """What a store holds, without times, numbers of runs and what only a live run can know."""
    curves = "select key, step, value from metrics where key not like 'system/%'"
    (run,) = store.Store().find({"model": "cvae"})
    return {
        "curves": sorted(query(database, curves)),
        "parameters": sorted(query(database, "select key, value from params")),
        "tags": {n: v for n, v in run.data.tags.items() if n not in LIVE},
        "snapshots": store.Store().snapshots(run.info.run_id),
        "models": query(database, "select name, status from logged_models"),
        "data": query(database, "select name, digest, dataset_schema from datasets"),
    }


# What only a live run can know, and what has the number of a run or a model in it.
LIVE = {
    *("process", "workspace", "result.md5", "origin", "device", "dvc.exp"),
    *("git.sha", "git.dirty", "mlflow.source.git.commit", "mlflow.source.git.branch"),
    *("mlflow.note.content", "note.hash", "model.id", "mlflow.loggedImages"),
    *("determinism", "precision"),
}
