"""Measure one trained InfoGAN: its digits, and what its category and codes steer."""

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
from generative.gan.disentanglement import steering
from generative.gan.disentanglement.schema import EvaluateInfogan
from generative.image_quality.schema import EvaluateImages
from generative.core.runtime import Runtime
from generative.datasets import mnist
from generative.core.folders import atomic_folder
from generative.core.folders import write_json


def main(arguments: list[str]) -> None:
    model_folder, prepared, judge_folder, out = map(Path, arguments)
    block = params.read("evaluate.infogan", EvaluateInfogan)
    images_block = params.read("evaluate.images", EvaluateImages)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    model, card = saving.load(model_folder), saving.describe(model_folder)
    train, test = (mnist.load(prepared, split, **card.data) for split in ("train", "test"))
    eyes = saving.load(judge_folder)
    found, controls = steering.measure(model, train, test, eyes, block)
    comparison = judge.Comparison(eyes, test[0], train[0], images_block, test[1])
    metrics: dict[str, Any] = {
        **found,
        **comparison.of_model(model),
        "judge": judge.identity(judge_folder),
    }
    for name, code in controls.items():
        if code is None:
            print(
                f"warning: no code is free to steer {name}: the strongest correlation is "
                f"{metrics[f'{name}_correlation']:.2f}; it takes {block.least_correlation:g} "
                "(evaluate.infogan.least_correlation) of a code that steers nothing else more"
            )
    with atomic_folder(out) as folder:
        write_json(folder / "metrics.json", metrics)
        write_json(folder / "codes.json", controls)
        for name, picture in draw(model, list(controls["digits"].values()), block).items():
            picture.save(folder / f"{name}.png", optimize=True)


def draw(model: Any, categories: list[int], block: EvaluateInfogan) -> dict[str, Any]:
    """Pictures by name, digit after digit: `categories` in the digits' order."""
    still = model.generate(
        10 * block.rows, block.seed, labels=np.tile(categories, block.rows), code1=0.0, code2=0.0
    )
    pictures = {"digits": rendering.grid(still, 10)}
    for code in steering.CODES:
        swept = steering.sweep(model, code, block)[:: block.rows][categories]
        name = f"{code}_from_{-block.reach:g}_to_{block.reach:g}"
        pictures[name] = rendering.grid(swept.reshape(-1, *swept.shape[2:]), block.places)
    return pictures


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
