"""Measure one trained GAN of digits: what the judge says of the digits that it generates."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generative.core import errors
from generative.image_quality import comparison as judge
from generative.core import params
from generative.plots import grids as rendering
from generative.core import runtime
from generative.core import saving
from generative.image_quality.schema import EvaluateImages
from generative.core.runtime import Runtime
from generative.datasets import mnist
from generative.core.folders import atomic_folder
from generative.core.folders import write_json


def main(arguments: list[str]) -> None:
    model_folder, prepared, judge_folder, out = map(Path, arguments)
    block = params.read("evaluate.images", EvaluateImages)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    model, card = saving.load(model_folder), saving.describe(model_folder)
    (train, _), (test, labels) = (
        mnist.load(prepared, split, **card.data) for split in ("train", "test")
    )
    eyes = saving.load(judge_folder)
    comparison = judge.Comparison(eyes, test, train, block, labels)
    metrics: dict[str, Any] = dict(comparison.of_model(model))
    metrics["judge"] = judge.identity(judge_folder)
    counts = digits_by_epoch(eyes, model_folder / "snapshots.npz")
    missing = np.flatnonzero(counts[-1] == 0)
    if len(missing):
        print(f"warning: the last snapshots show no {', '.join(map(str, missing))}")
    with atomic_folder(out) as folder:
        write_json(folder / "metrics.json", metrics)
        table = pd.DataFrame(counts, columns=[f"digit_{digit}" for digit in range(10)])
        table.insert(0, "epoch", range(1, len(table) + 1))
        table.to_csv(folder / "digits_by_epoch.csv", index=False)
        rendering.digits_by_epoch(counts).save(folder / "digits_by_epoch.png", optimize=True)


def digits_by_epoch(eyes: Any, file: Path) -> np.ndarray:
    """How many of the pictures of each epoch the judge takes for each digit: [epochs, 10]."""
    with np.load(file) as snapshots:
        frames = snapshots["frames"] / np.float32(255)
    return np.stack(
        [np.bincount(eyes.probabilities(frame).argmax(axis=1), minlength=10) for frame in frames]
    )


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
