"""Measure one trained StackedGAN: its digits, and what each of its two noises changes."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from generative.core import errors
from generative.image_quality import comparison as judge
from generative.core import params
from generative.plots import grids as rendering
from generative.core import runtime
from generative.core import saving
from generative.gan.disentanglement.schema import EvaluateStackedgan
from generative.image_quality.schema import EvaluateImages
from generative.core.runtime import Runtime
from generative.datasets import mnist
from generative.core.folders import atomic_folder
from generative.core.folders import write_json
from generative.image_quality import distances as measures

Array = np.ndarray
DIGITS = np.arange(10)


def main(arguments: list[str]) -> None:
    model_folder, prepared, judge_folder, out = map(Path, arguments)
    block = params.read("evaluate.stackedgan", EvaluateStackedgan)
    images_block = params.read("evaluate.images", EvaluateImages)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    model, card = saving.load(model_folder), saving.describe(model_folder)
    train, test = (mnist.load(prepared, split, **card.data) for split in ("train", "test"))
    eyes = saving.load(judge_folder)
    comparison = judge.Comparison(eyes, test[0], train[0], images_block, test[1])
    measured = comparison.of_model(model)
    metrics: dict[str, Any] = {
        **measured,
        **model.recovered(*model.codes(block.samples, block.seed)),
        "diversity_given_label": measured["intra_class_distance"],
        "diversity_given_label_and_z1": diversity(model, comparison, block),
        "judge": judge.identity(judge_folder),
    }
    with atomic_folder(out) as folder:
        write_json(folder / "metrics.json", metrics)
        for name, picture in draw(model, block).items():
            picture.save(folder / f"{name}.png", optimize=True)


def diversity(model: Any, comparison: judge.Comparison, block: EvaluateStackedgan) -> float:
    """How varied digits are whose label and z1 are the same, as `intra_class_distance` says."""
    found = []
    for seed in range(block.seed, block.seed + block.groups):
        labels = np.repeat(DIGITS, block.members)
        upper, _ = model.codes(len(DIGITS), seed)
        lower, _ = model.codes(len(labels), seed + block.groups)
        noise = mixed(model, np.repeat(upper, block.members, axis=0), lower)
        features = comparison.judge.features(model.images(noise, labels))
        found.append(
            measures.intra_class_distance(features, labels, comparison.test, comparison.true)
        )
    return float(np.mean(found))


def mixed(model: Any, upper: Array, lower: Array) -> Array:
    """Noise with z1 of the one and z0 of the other, [count, 2 noise_size] each."""
    return np.concatenate([upper[:, : model.noise_size], lower[:, model.noise_size :]], axis=1)


def draw(model: Any, block: EvaluateStackedgan) -> dict[str, Any]:
    """Pictures by name: a row a digit, one noise the same in all of the row, and random the other.

    In a row the first digit is the same in both pictures.
    """
    labels = np.repeat(DIGITS, block.columns)
    each, _ = model.codes(len(labels), block.seed)
    first = np.repeat(each[:: block.columns], block.columns, axis=0)
    noises = {
        "z0_varies_z1_is_kept": mixed(model, first, each),
        "z1_varies_z0_is_kept": mixed(model, each, first),
    }
    return {
        name: rendering.grid(model.images(noise, labels), block.columns)
        for name, noise in noises.items()
    }


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
