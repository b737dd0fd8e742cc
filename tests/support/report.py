"""Results of a model, the judge and a search, as the stages write them."""

import json
from pathlib import Path
from typing import Any

from PIL import Image

DOCUMENT: dict[str, Any] = {
    "runtime": {"threads": 0},
    "defaults": {"vae": {"model": {"beta": 2.0}}},
    "train": {"one": {"family": "vae", "epochs": 5}},
    "judge": {"mnist": {"members": ["two"]}},
    "references": {"mnist": {"network": "data/judge/mnist"}},
    "generators": {"one": {"dataset": "mnist"}},
    "tune": {"two": {"trials": 2}},
}


def write(file: Path, content: Any) -> None:
    """A file of text, or of JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))


def draw(file: Path, width: int = 4) -> None:
    """A black picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (width, 4)).save(file)


def write_model(data: Path, key: str, dataset: str = "mnist", **section: Any) -> None:
    """The folders that every model has; `section` is what it was trained with."""
    options = {"binarization": "threshold"}
    write(data / "models" / key / "model.json", {"dataset": dataset, "data": options})
    write(data / "history" / key / "history.csv", "epoch,loss\n1,3.25\n2,2.125\n")
    params = {"train": {key: section}, "runtime": {"threads": 3}}
    write(data / "history" / key / "params.json", params)
    write(data / "prepared" / dataset / f"{dataset}.npz", dataset)
    write(data / "metrics" / key / "metrics.json", {})
    (data / "samples" / key).mkdir(parents=True)


def write_results(data: Path) -> None:
    """Everything that the sections of `DOCUMENT` name."""
    write_model(data, "one", epochs=7, model={"beta": 2.0})
    metrics = {"elbo_nats": -151.23456, "active_units": 2, "<b>": 0.5}
    write(data / "metrics" / "one" / "metrics.json", metrics)
    images = {"frechet_distance": 12.3456, "frechet_distance_deviation": 0.0321}
    write(data / "image_quality" / "one" / "metrics.json", {**images, "extractor": "abc"})
    draw(data / "samples" / "one" / "latent_plane.png")
    write(data / "judge" / "mnist" / "digits.json", "{}")
    write(data / "metrics" / "judge" / "metrics.json", {"test_accuracy": 0.995})
    write(data / "metrics" / "judge" / "architecture.txt", "layers <of> the judge")
    cases = {"floor": {"frechet_distance": 1.5}, "noisy": {"frechet_distance": 99}}
    write(data / "references" / "mnist" / "metrics.json", {"extractor": "abc", **cases})
    search = data / "tuning" / "two"
    write(search / "best.json", {"width": 24})
    write(search / "metrics.json", {"trials": 2, "test_accuracy": 0.98765})
    write(search / "trials.csv", "trial,width,val_loss\n1,16,0.5\n2,24,0.25\n")
    draw(search / "history.png")


def write_sliders(folder: Path, axes: list[dict[str, Any]], sheet: Image.Image) -> None:
    """The sheet of images that sliders with these axes choose from."""
    write(folder / "sliders.json", axes)
    sheet.save(folder / "sliders.png")
