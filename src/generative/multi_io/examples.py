"""What a graph says of examples, in words, and of pictures also as a picture."""

from typing import Any

import numpy as np
from PIL import Image

Array = np.ndarray


def said(
    model: Any, predictions: dict[str, Array], truth: dict[str, Array] | None = None
) -> list[str]:
    """A line an output for each example: what the model says, how sure it is, and what is true."""
    lines: list[list[str]] = []
    for name, predicted in predictions.items():
        count = len(predicted)
        own = [one(model, name, value) for value in predicted]
        if truth is not None:
            right = [named(model, name, value) for value in truth[name]]
            own = [f"{line}; it is {true}" for line, true in zip(own, right, strict=True)]
        lines = lines or [[] for _ in range(count)]
        for told, line in zip(lines, own, strict=True):
            told.append(f"{name}: {line}")
    return ["\n".join(told) for told in lines]


def one(model: Any, name: str, value: Any) -> str:
    """One prediction: a number, probabilities [classes], or p(yes)."""
    kind = model.kinds[name]
    if kind == "number":
        return named(model, name, value)
    place = int(np.argmax(value)) if kind == "class" else int(value > 0.5)
    sure = value[place] if kind == "class" else (value if place else 1 - value)
    return f"{named(model, name, place)} ({100 * sure:.1f} %)"


def named(model: Any, name: str, value: Any) -> str:
    """A target or a prediction as people call it."""
    if model.kinds[name] == "number":
        return f"{float(value):.0f}"
    return str(model.answers[name][int(value)])


def gallery(pictures: Array, captions: list[str], columns: int) -> Image.Image:
    """`pictures` [N, height, width, 3] in [0, 1], a caption over each."""
    from io import BytesIO

    from matplotlib.figure import Figure

    rows = -(-len(pictures) // columns)
    figure = Figure(figsize=(2.6 * columns, 1.9 * rows), dpi=110, layout="constrained")
    for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        axes = figure.add_subplot(rows, columns, place + 1)
        axes.imshow(np.clip(picture, 0, 1))
        axes.set_title(caption, fontsize="x-small")
        axes.axis("off")
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")
