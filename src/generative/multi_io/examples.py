"""Predictions in words, and images of examples with captions."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

Array = np.ndarray


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
    from matplotlib.figure import Figure

    rows = -(-len(images) // columns)
    figure = Figure(figsize=(2.6 * columns, 1.9 * rows), dpi=110, layout="constrained")
    for place, (image, caption) in enumerate(zip(images, captions, strict=True), start=1):
        axes = figure.add_subplot(rows, columns, place)
        axes.imshow(np.clip(image, 0, 1))
        axes.set_title(caption, fontsize="x-small")
        axes.axis("off")
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")
