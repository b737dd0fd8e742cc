"""Measure one trained GAN of colour pictures: how near its pictures are to held-out real ones."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from generative.core import errors
from generative.image_quality import comparison as judge
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.image_quality.schema import EvaluatePictures
from generative.core.runtime import Runtime
from generative.core.folders import atomic_folder
from generative.core.folders import write_json
from generative.image_quality.features import Eyes
from generative.core import members


def main(arguments: list[str]) -> None:
    model_folder, prepared, weights, out = map(Path, arguments)
    block = params.read("evaluate.pictures", EvaluatePictures)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    model, card = saving.load(model_folder), saving.describe(model_folder)
    dataset = members.dataset(card.dataset)
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
    with atomic_folder(out) as folder:
        write_json(folder / "metrics.json", metrics)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
