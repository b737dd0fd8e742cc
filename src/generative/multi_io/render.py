"""The architecture of a model, its learning curves, and its predictions for test examples."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from generative.core.history import read_table
from generative.core.params import Count, Schema
from generative.datasets.base.dataset import Prepared
from generative.plots import curves
from generative.plots.architecture import plot_architecture

Array = np.ndarray
SEPARATOR = f"\n\n{'-' * 72}\n\n"


class Render(Schema):
    """How many test examples to show, and in how many columns where they are images."""

    examples: Count
    columns: Count


def render(model: Any, data: Prepared, history: Path, options: Render, folder: Path) -> None:
    """Write `learning_curves.png`, the architecture, and `examples.png` or `examples.txt`."""
    curves.learning_curves(read_table(history)).save(folder / "learning_curves.png", optimize=True)
    plot_architecture(model, folder)
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


def describe_predictions(
    model: Any, predictions: dict[str, Array], targets: dict[str, Array] | None = None
) -> list[str]:
    """A text for each example, one line an output: prediction, probability, and the target."""
    lines = []
    for name, values in predictions.items():
        own = [f"{name}: {describe(model, name, value)}" for value in values]
        if targets is not None:
            labels = [label_of(model, name, value) for value in targets[name]]
            own = [f"{line}; it is {label}" for line, label in zip(own, labels, strict=True)]
        lines.append(own)
    return ["\n".join(example) for example in zip(*lines, strict=True)]


def describe(model: Any, name: str, value: Any) -> str:
    """One prediction of the output `name`: a number, probabilities [classes], or p(yes)."""
    kind = model.kinds[name]
    if kind == "numeric":
        return label_of(model, name, value)
    probabilities = value if kind == "categorical" else (1 - value, value)
    label = int(np.argmax(value)) if kind == "categorical" else int(value > 0.5)
    return f"{label_of(model, name, label)} ({100 * probabilities[label]:.1f} %)"


def label_of(model: Any, name: str, value: Any) -> str:
    """A number, or the name of a class, of the output `name`."""
    if model.kinds[name] == "numeric":
        return f"{float(value):.0f}"
    return str(model.class_names[name][int(value)])


def captioned_grid(images: Array, captions: list[str], columns: int) -> Image.Image:
    """`images` [N, height, width, 3] in [0, 1], a caption over each."""
    rows = -(-len(images) // columns)
    figure = curves.new_figure(2.6 * columns, 1.9 * rows)
    for place, (image, caption) in enumerate(zip(images, captions, strict=True), start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(np.clip(image, 0, 1))
        axes.set_title(caption, fontsize="x-small")
        axes.axis("off")
    return curves.figure_image(figure)
