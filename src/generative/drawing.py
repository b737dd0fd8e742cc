"""The graph of a model as a picture, or as text where graphviz is not installed."""

import shutil
from pathlib import Path

import keras


def topology(model: keras.Model, folder: Path) -> None:
    """Write `topology.png` into `folder`: every layer with its shapes; `topology.txt` instead where
    the program `dot` of graphviz is missing."""
    if shutil.which("dot"):
        picture = folder / "topology.png"
        keras.utils.plot_model(model, picture, show_shapes=True, expand_nested=True, dpi=72)
        return
    with (folder / "topology.txt").open("w", encoding="utf-8") as file:
        model.summary(
            line_length=100, expand_nested=True, print_fn=lambda line, **_: file.write(f"{line}\n")
        )
