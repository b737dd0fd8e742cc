"""Draw one trained classifier: its topology, what it gets wrong and how far it can be believed."""

import sys
from pathlib import Path

import pandas as pd

from generative.plots import topology as drawing
from generative.core import errors
from generative.core import params
from generative.plots import grids as rendering
from generative.core import runtime
from generative.core import saving
from generative.classifiers.schema import EvaluateClassifiers
from generative.classifiers.schema import RenderClassifiers
from generative.core.runtime import Runtime
from generative.core.folders import atomic_folder
from generative.classifiers.metrics import reliability
from generative.core import members


def main(arguments: list[str]) -> None:
    model_folder, prepared, out = map(Path, arguments)
    block = params.read("render.classifiers", RenderClassifiers)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    card = saving.describe(model_folder)
    dataset = members.dataset(card.dataset)
    images, labels = dataset.load(prepared, "test", **card.data)
    model = saving.load(model_folder)
    probabilities = model.probabilities(images)
    bins = params.read("evaluate.classifiers", EvaluateClassifiers).bins
    found = reliability(probabilities, labels, bins)
    # The least probable labels first.
    order = probabilities[range(len(labels)), labels].argsort(kind="stable")[: block.mistakes]
    captions = [f"{labels[i]} as {probabilities[i].argmax()}" for i in order]
    pictures = {
        "reliability": rendering.reliability(found.confidence, found.accuracy, found.count),
        "hardest": rendering.captioned(images[order], captions, block.columns),
    }
    history = model_folder / "history.csv"
    if history.exists():
        pictures["learning_curves"] = rendering.learning_curves(pd.read_csv(history))
    with atomic_folder(out) as folder:
        for name, picture in pictures.items():
            picture.save(folder / f"{name}.png", optimize=True)
        drawing.topology(model, folder)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
