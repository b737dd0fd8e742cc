"""Results of models, the judge and a search, as the stages write them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

DOCUMENT: dict[str, Any] = {
    "runtime": {"threads": 0},
    "defaults": {"vae": {"model": {"beta": 2.0}}},
    "train": {
        "one": {"family": "vae", "dataset": "mnist", "epochs": 5},
        "drawn": {"family": "gan", "dataset": "mnist"},
    },
    "judge": {"mnist": {"members": ["two"]}},
    "references": {"mnist": {"network": "data/judge/mnist"}},
    "generators": {"one": {"dataset": "mnist"}, "drawn": {"dataset": "mnist"}},
    "tune": {"two": {"trials": 2}},
    "objectives": {"gan": {"rows": 2}},
}


def write(file: Path, content: Any) -> None:
    """A file of text, or of JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))


def draw(file: Path, width: int = 4, seed: int = 0) -> None:
    """A grey picture of noise."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, width), np.uint8)
    Image.fromarray(pixels).save(file)


def write_model(folder: Path, key: str, dataset: str = "mnist", **section: Any) -> None:
    """The folders that every model has; `section` is what it was trained with."""
    write(folder / "models" / key / "model.json", {"dataset": dataset, "data": {}})
    write(folder / "history" / key / "history.csv", "epoch,loss,val_loss\n1,3.25,\n2,2.125,2.5\n")
    params = {"train": {key: section}, "runtime": {"threads": 3}}
    write(folder / "history" / key / "params.json", params)
    write(folder / "metrics" / key / "metrics.json", {})
    (folder / "samples" / key).mkdir(parents=True)


def write_results(data: Path) -> None:
    """Everything that the sections of `DOCUMENT` name."""
    threshold = {"binarization": "threshold"}
    write_model(data, "one", epochs=7, model={"beta": 2.0}, data=threshold)
    write_model(data, "drawn")
    metrics = {"elbo_nats": -151.23456, "active_units": 2, "<b>": 0.5}
    write(data / "metrics" / "one" / "metrics.json", metrics)
    for key, distance in (("one", 12.3456), ("drawn", 3.0)):
        images = {"frechet_distance": distance, "frechet_distance_standard_error": 0.0321}
        write(data / "image_quality" / key / "metrics.json", {**images, "extractor": "abc"})
        draw(data / "samples" / key / "samples.png")
    write(data / "history" / "drawn" / "warnings.txt", "epoch 2: <it> dominates\nepoch 3: again\n")
    write(data / "judge" / "mnist" / "digits.json", "{}")
    write(data / "metrics" / "judge" / "metrics.json", {"test_accuracy": 0.995})
    write(data / "metrics" / "judge" / "architecture.txt", "layers <of> the judge")
    cases = {"floor": {"frechet_distance": 1.5}, "noisy": {"frechet_distance": 99}}
    write(data / "references" / "mnist" / "metrics.json", {"extractor": "abc", **cases})
    draw(data / "objectives" / "gan" / "objectives.png")
    search = data / "tuning" / "two"
    write(search / "best.json", {"width": 24})
    write(search / "metrics.json", {"trials": 2, "test_accuracy": 0.98765})
    write(search / "trials.csv", "trial,width,val_loss\n1,16,0.5\n2,24,0.25\n")
    draw(search / "history.png")


def write_sliders(folder: Path, axes: list[dict[str, Any]], sheet: Image.Image) -> None:
    """The sheet of images that sliders with these axes choose from."""
    write(folder / "sliders.json", axes)
    sheet.save(folder / "sliders.png")
