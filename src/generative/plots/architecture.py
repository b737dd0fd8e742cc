"""The layers of a model as text, and as a picture where graphviz is installed."""

import shutil
from pathlib import Path

import keras

from generative.core.errors import first_line


def plot_architecture(model: keras.Model, folder: Path, name: str = "architecture") -> None:
    """Write `<name>.txt` into `folder`, every layer with its shapes and the number of its weights,
    and `<name>.png`, how they are connected, where there is the program `dot` of graphviz."""
    # A model of several models is clearer, and safer with dot, as one box a model.
    inside = sum(isinstance(layer, keras.Model) for layer in model.layers)
    shown = {"expand_nested": inside <= 1}
    if shutil.which("dot"):
        picture = folder / f"{name}.png"
        try:
            keras.utils.plot_model(model, picture, show_shapes=True, dpi=72, **shown)
        except AssertionError as error:  # pydot's, where dot itself fails
            picture.unlink(missing_ok=True)
            print(f"{picture.name} is left out: {first_line(error)}; {name}.txt says the same")
    with (folder / f"{name}.txt").open("w", encoding="utf-8") as file:
        model.summary(line_length=100, print_fn=lambda line, **_: file.write(f"{line}\n"), **shown)
