"""The five questions of docs/mlflow.md, each answered on a page of MLflow's UI in a browser."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import screenshots
from generative.tracking import publish, views
from generative.tracking.store import Store
from tests.support import browser, server
from tests.support.tracking import write_results

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not browser.CHROMIUM, reason="Chromium is not installed"),
]
RUNTIME = {"determinism": True}
GANS = {
    key: {
        "family": "gan",
        "network": "gan/gan",
        "dataset": "mnist",
        "seed": 1,
        "epochs": 2,
        "model": {"generator_learning_rate": rate},
    }
    for key, rate in (("gan_non_saturating", 0.0011), ("gan_minimax", 0.0022))
}
SPACE = {"learning_rate": {"low": 0.001, "high": 0.01}}
DOCUMENT: dict[str, Any] = {"train": GANS, "tune": {"separable": {"space": SPACE}}}
LOCK: dict[str, Any] = {
    f"train@{key}": {
        "deps": [{"path": "data/prepared/mnist"}],
        "outs": [{"path": f"data/models/{key}", "md5": f"{len(key):032x}.dir"}],
        "params": {"params.yaml": {f"train.{key}": section, "runtime": RUNTIME}},
    }
    for key, section in GANS.items()
}
SIGNATURE = {
    "inputs": [{"name": None, "dtype": "float32", "shape": [-1, 2]}],
    "outputs": [{"name": None, "dtype": "float32", "shape": [-1, 28, 28, 1]}],
}


def results(key: str) -> dict[str, Any]:
    """What a training leaves."""
    return {
        f"models/{key}/model.json": "{}",
        f"models/{key}/model.weights.h5": f"weights of {key}",
        f"models/{key}/signature.json": SIGNATURE,
        f"history/{key}/history.csv": "epoch,loss\n1,4.0\n2,3.0\n",
        f"history/{key}/params.json": {"train": {key: GANS[key]}, "runtime": RUNTIME},
        f"metrics/{key}/metrics.json": {"frechet_distance": 12.5},
        f"samples/{key}/samples.png": f"picture of {key}",
    }


@pytest.fixture
def store(tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two GANs as `publish` finds them, a search with its trials, and runs of one classifier."""
    folder = tmp_path / "project"
    data = folder / "data/prepared/mnist"
    data.mkdir(parents=True)
    np.savez_compressed(data / "mnist.npz", train_images=np.zeros((3, 28)))
    files = {name: content for key in GANS for name, content in results(key).items()}
    write_results(folder, {"profile": "test", **DOCUMENT}, LOCK, files)
    monkeypatch.chdir(folder)
    assert {outcome for _, outcome in publish.publish()} == {"restored"}
    opened = Store()
    own = {"family": "classifiers", "seed": 1}
    search = opened.create("tune@separable", {"train": {"separable": own}}, {}, data)
    rates = ((0, 0.0031, 0.9), (1, 0.0044, 0.4))
    rows = [{"trial": n, "learning_rate": rate, "val_loss": loss} for n, rate, loss in rates]
    opened.add_trials(search, rows)
    opened.client.set_terminated(search)
    for rate, seed in ((0.0055, 1), (0.0066, 7)):
        section = {**own, "seed": seed, "model": {"learning_rate": rate}}
        run = opened.create("train@functional", {"train": {"functional": section}}, {}, data)
        opened.log(run, [({"test/accuracy": 0.9, "test/cross_entropy_nats": 0.3}, 0)])
        opened.client.set_terminated(run)
    opened.keep_views(views.views(DOCUMENT))
    return opened


def test_each_question_is_answered(store: Store, database: Path, tmp_path: Path) -> None:
    (run,) = store.find({"model": "gan_non_saturating"})
    answers = {
        "trials": ("trials: separable", "trial 0", "trial 1", "learning_rate"),
        "runs": ("runs: functional", "learning_rate", "seed"),
        "gan": ("compare: gan", "gan_minimax", "frechet_distance"),
        "compare": ("0.0011", "0.0022", "model.generator_learning_rate"),
        "run": (run.data.tags["pictures.md5"][:8], run.data.tags["dvc.out"]),
        "models": ("gan_minimax", "gan_non_saturating"),
        "experiment": ("gan_minimax", "functional"),
    }
    port = server.free_port()
    links = screenshots.pages(store, f"http://127.0.0.1:{port}", DOCUMENT)
    assert links.keys() == answers.keys()
    with server.serving(tmp_path, port, f"sqlite:///{database}"):
        for name, texts in answers.items():
            file = tmp_path / f"{name}.png"
            browser.screenshot(links[name], file, 1600, 1000)
            with Image.open(file) as picture:
                assert picture.size == (1600, 1000)
                assert len(picture.convert("RGB").quantize(64).getcolors() or ()) > 20, name
            html = browser.page(links[name])
            assert [text for text in texts if text not in html] == [], name
