"""Put GANs that differ in the generator's objective side by side: one figure, and the gradients
that each objective gives while the discriminator wins."""

import json
import sys
from pathlib import Path

import pandas as pd

from generative.core import errors
from generative.core import params
from generative.plots import grids as rendering
from generative.core import runtime
from generative.core import saving
from generative.gan.schema import RenderObjectives
from generative.core.runtime import Runtime
from generative.datasets import mnist
from generative.core.errors import BadInput
from generative.core.folders import atomic_folder
from generative.gan.gradients import gradients_while_discriminator_wins

SHOWN = ("frechet_distance", "kernel_distance", "density", "coverage", "digits_covered")


def main(arguments: list[str]) -> None:
    data, out, *keys = arguments
    models, metrics, prepared = (Path(data) / n for n in ("models", "metrics", "prepared/mnist"))
    block = params.read("render.objectives", RenderObjectives)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    histories, samples, measured = {}, {}, {}
    for key in keys:
        model = saving.load(models / key)
        name = model.options["objective"]
        if name in histories:
            raise BadInput(
                f"train.{key}: its objective {name} is that of another in the comparison; give "
                "each its own, or compare fewer in dvc.yaml"
            )
        histories[name] = pd.read_csv(models / key / "history.csv")
        samples[name] = model.generate(block.rows * block.columns, block.seed)
        found = json.loads((metrics / key / "metrics.json").read_text(encoding="utf-8"))
        measured[name] = {shown: found[shown] for shown in SHOWN}
    # The last of them is what all gradients are taken of.
    own = saving.describe(models / keys[-1]).data
    batches = mnist.batches(prepared, block.batch_size, block.seed, **own).take(block.steps)
    gradients = gradients_while_discriminator_wins(model, list(samples), batches, block.every)
    with atomic_folder(Path(out)) as folder:
        gradients.to_csv(folder / "gradients.csv", index=False)
        figure = rendering.objectives(histories, samples, measured, gradients, block.columns)
        figure.save(folder / "objectives.png", optimize=True)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
