"""Results of two models, a judge and a search, as the stages write them."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

DOCUMENT: dict[str, Any] = {
    "runtime": {"threads": 0},
    "train": {"one": {"family": "likelihood", "epochs": 7, "model": {"beta": 1.0}}},
    "ensemble": {"members": ["two"]},
    "tune": {"two": {"trials": 2}},
}


def write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path / "prepared" / "mnist" / "mnist.npz", "data")
    card = {"dataset": "mnist", "data": {"binarization": "threshold"}}
    for key in ("one", "ensemble"):
        write(tmp_path / "models" / key / "model.json", card)
        (tmp_path / "samples" / key).mkdir(parents=True)
    write(tmp_path / "models" / "one" / "history.csv", "epoch,loss\n1,3.25\n2,2.125\n")
    metrics = {"elbo_nats": -151.23456, "active_units": 2, "<b>": 0.5, "judge": "abc"}
    images = {"frechet_distance": 12.3456, "frechet_distance_deviation": 0.0321}
    write(tmp_path / "metrics" / "one" / "metrics.json", {**metrics, **images})
    write(tmp_path / "metrics" / "ensemble" / "metrics.json", {"test_accuracy": 0.995})
    known = {"judge": "abc", "floor": {"frechet_distance": 1.5}, "noise": {"frechet_distance": 99}}
    write(tmp_path / "metrics" / "calibration" / "metrics.json", known)
    Image.new("L", (4, 4)).save(tmp_path / "samples" / "one" / "latent_plane.png")
    write(tmp_path / "samples" / "ensemble" / "topology.txt", "layers <of> the ensemble")
    search = tmp_path / "tuning" / "two"
    write(search / "best.json", {"width": 24})
    write(search / "metrics.json", {"trials": 2, "test_accuracy": 0.98765})
    write(search / "trials.csv", "trial,width,val_loss\n1,16,0.5\n2,24,0.25\n")
    Image.new("L", (4, 4)).save(search / "history.png")
    return tmp_path
