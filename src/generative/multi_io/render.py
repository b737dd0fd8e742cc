"""The architecture of a model, its learning curves, and its predictions for test examples."""

from pathlib import Path
from typing import Any

import numpy as np

from generative.core.history import read_table
from generative.core.params import Count, Schema
from generative.datasets.base.dataset import Prepared
from generative.multi_io.examples import captioned_grid, describe_predictions
from generative.plots import grids, topology

SEPARATOR = f"\n\n{'-' * 72}\n\n"


class Render(Schema):
    """How many test examples to show, and in how many columns where they are images."""

    examples: Count
    columns: Count


def render(model: Any, data: Prepared, history: Path, options: Render, folder: Path) -> None:
    """Write `learning_curves.png`, the architecture, and `examples.png` or `examples.txt`."""
    grids.learning_curves(read_table(history)).save(folder / "learning_curves.png", optimize=True)
    topology.topology(model, folder)
    inputs, targets = data.load("test")
    # From all over the test set, which may be in order.
    count = len(next(iter(targets.values())))
    places = np.linspace(0, count - 1, min(options.examples, count)).astype(int)
    inputs, targets = (
        {name: array[places] for name, array in arrays.items()} for arrays in (inputs, targets)
    )
    descriptions = describe_predictions(model, model.predictions(inputs), targets)
    examples = model.display(inputs)
    if isinstance(examples, np.ndarray):
        captions = [description.replace("; ", "\n") for description in descriptions]
        picture = captioned_grid(examples, captions, options.columns)
        picture.save(folder / "examples.png", optimize=True)
    else:
        pairs = zip(examples, descriptions, strict=True)
        text = SEPARATOR.join(f"{example}\n\n{own}" for example, own in pairs) + "\n"
        (folder / "examples.txt").write_text(text, encoding="utf-8", newline="\n")
