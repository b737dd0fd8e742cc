"""Results of models, the judge and a search, as the stages write them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image

MACHINE = {"processor": "one", "device": "CPU", "precision": "float32"}
DOCUMENT: dict[str, Any] = {
    "runtime": {"threads": 0},
    "defaults": {"vae": {"model": {"beta": 2.0}}},
    "train": {
        "one": {"family": "vae", "dataset": "mnist", "epochs": 5},
        "drawn": {"family": "gan", "dataset": "mnist"},
        "written": {"family": "text", "dataset": "plays"},
    },
    "browser": {"one": {}, "written": {}},
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
    write_model(data, "written", "plays")
    write_image_network(data / "browser/one", ["code", "category"])
    write_text_network(data / "browser/written")
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


def write_checkout(folder: Path, **parameters: Any) -> None:
    """Results in `folder` with the params.yaml and the dvc.lock that they are of."""
    write_results(folder / "data")
    write_lock(folder, **parameters)


def write_lock(folder: Path, **parameters: Any) -> None:
    """The params.yaml and the dvc.lock that the results in `folder` are of."""
    train = {key: {**own, **parameters} for key, own in DOCUMENT["train"].items()}
    write(folder / "params.yaml", yaml.safe_dump({**DOCUMENT, "train": train}))
    lock: dict[str, Any] = {}
    for key in train:
        section = {"family": "vae", "network": "vae/cvae", "dataset": "mnist", "seed": 1}
        params = {"train": {key: {**section, **parameters}}, "runtime": {"threads": 1}}
        write(folder / "data/history" / key / "params.json", params)
        write(folder / "data/history" / key / "machine.json", MACHINE)
        model = {"path": f"data/models/{key}", "md5": "abc.dir"}
        lock[f"train@{key}"] = {"outs": [{**model}]}
        for stage in ("evaluate", "image_quality", "render"):
            lock[f"{stage}@{key}"] = {"deps": [{**model}]}
    write(folder / "dvc.lock", yaml.safe_dump({"stages": lock}))


def write_network(folder: Path, weights: list[float], cost: dict[str, float], **model: Any) -> None:
    """What `generative.browser.export` writes."""
    write(folder / "model.json", {**model, "floats": 4 * len(weights)})
    (folder / "weights.bin").write_bytes(np.asarray(weights, "<f4").tobytes())
    write(folder / "metrics.json", cost)


def write_image_network(folder: Path, names: list[str]) -> None:
    """A network that shows what it is given, a number and one of three, as four pixels."""
    number = {"name": names[0], "kind": "number", "size": 1, "low": -1.0, "high": 1.0}
    choice = {"name": names[1], "kind": "choice", "size": 3, "low": 0.0, "high": 0.0}
    write_network(
        folder,
        [],
        {"mean_error": 0.001, "largest_error": 0.01},
        operations=[
            {"kind": "input", "shape": [4], "inputs": []},
            {"kind": "reshape", "shape": [2, 2, 1], "inputs": [[0, 0]]},
        ],
        outputs=[[1, 0]],
        controls={"kind": "image", "parts": [number, choice]},
    )


def write_text_network(folder: Path) -> None:
    """A network that writes a and b in turn, a first; its state is as it was."""
    embeddings = {"shape": [3, 2], "floats": 0}
    write_network(
        folder,
        [99.0, 0.0, 0.0, 99.0, 99.0, 0.0],
        {"extra_bits_per_character": 0.001},
        operations=[
            {"kind": "input", "shape": [1], "inputs": []},
            {"kind": "input", "shape": [1], "inputs": []},
            {"kind": "embedding", "inputs": [[0, 0]], "weights": {"embeddings": embeddings}},
        ],
        outputs=[[2, 0], [1, 0]],
        controls={"kind": "text", "vocabulary": "ab"},
    )


def write_sliders(folder: Path, axes: list[dict[str, Any]], sheet: Image.Image) -> None:
    """The sheet of images that sliders with these axes choose from."""
    write(folder / "sliders.json", axes)
    sheet.save(folder / "sliders.png")
