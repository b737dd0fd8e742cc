"""Measure one trained GAN of colour pictures: how near its pictures are to held-out real ones."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from generative import errors, judge, params, runtime, saving
from generative.blocks.images import EvaluatePictures
from generative.blocks.runtime import Runtime
from generative.datasets import DATASETS
from generative.folders import whole, write_json
from generative.perceptual import Eyes
from generative.tables import find


def main(arguments: list[str]) -> None:
    model_folder, prepared, weights, out = map(Path, arguments)
    block = params.read("evaluate.pictures", EvaluatePictures)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    model, card = saving.load(model_folder), saving.read_card(model_folder)
    dataset = find(DATASETS, "data set", card.dataset)
    (train, _), (test, _) = (
        dataset.load(prepared, split, **card.data) for split in ("train", "test")
    )
    eyes = Eyes(weights / "alexnet.ckpt")
    # Half of the training pictures stand for generated ones: the least that a model can reach.
    # Drawn at random, for crops come from each photograph in turn.
    order = np.random.default_rng(0).permutation(len(train))
    held, known = train[order[::2][: block.samples]], train[order[1::2]]
    comparison = judge.Comparison(eyes, test, known, block)
    metrics: dict[str, Any] = dict(comparison.of_model(model))
    floor = comparison.measure(held, seed=0)
    metrics |= {f"floor_{name}": value for name, value in floor.items()}
    metrics["features"] = f"alexnet {eyes.identity}"
    with whole(out) as folder:
        write_json(folder / "metrics.json", metrics)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
