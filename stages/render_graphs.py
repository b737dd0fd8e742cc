"""Draw one graph of several inputs or outputs: its topology, its learning curves, and what it says
of test examples beside what is true."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from generative.plots import topology as drawing
from generative.core import errors
from generative.multi_io import examples
from generative.core import params
from generative.plots import grids as rendering
from generative.core import runtime
from generative.core import saving
from generative.multi_io.schema import RenderGraphs
from generative.core.runtime import Runtime
from generative.core.folders import atomic_folder
from generative.core import members

BETWEEN = f"\n\n{'-' * 72}\n\n"


def main(arguments: list[str]) -> None:
    model_folder, prepared, out = map(Path, arguments)
    block = params.read("render.graphs", RenderGraphs)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    card = saving.describe(model_folder)
    dataset = members.dataset(card.dataset)
    model = saving.load(model_folder)
    inputs, truth = dataset.load(prepared, "test", **card.data)
    # From all over the test set, which may be in order.
    count = len(next(iter(truth.values())))
    places = np.linspace(0, count - 1, min(block.examples, count)).astype(int)
    inputs, truth = (
        {name: some[places] for name, some in part.items()} for part in (inputs, truth)
    )
    lines = examples.said(model, model.predictions(inputs), truth)
    shown = model.shown(inputs)
    history = pd.read_csv(model_folder / "history.csv")
    with atomic_folder(out) as folder:
        rendering.learning_curves(history).save(folder / "learning_curves.png", optimize=True)
        drawing.topology(model, folder)
        if isinstance(shown, np.ndarray):
            captions = [line.replace("; ", "\n") for line in lines]
            picture = examples.gallery(shown, captions, block.columns)
            picture.save(folder / "examples.png", optimize=True)
        else:
            texts = [f"{text}\n\n{said}" for text, said in zip(shown, lines, strict=True)]
            text = BETWEEN.join(texts) + "\n"
            (folder / "examples.txt").write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
