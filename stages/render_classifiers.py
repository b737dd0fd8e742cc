"""Draw one trained classifier: its topology, what it gets wrong and how far it can be believed."""

import sys
from pathlib import Path

import pandas as pd

from generative import drawing, errors, params, rendering, runtime, saving
from generative.blocks.classifiers import EvaluateClassifiers, RenderClassifiers
from generative.blocks.runtime import Runtime
from generative.datasets import DATASETS
from generative.folders import whole
from generative.metrics.calibration import reliability
from generative.tables import find


def main(arguments: list[str]) -> None:
    model_folder, prepared, out = map(Path, arguments)
    block = params.read("render.classifiers", RenderClassifiers)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    card = saving.read_card(model_folder)
    dataset = find(DATASETS, "data set", card.dataset)
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
    with whole(out) as folder:
        for name, picture in pictures.items():
            picture.save(folder / f"{name}.png", optimize=True)
        drawing.topology(model, folder)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
