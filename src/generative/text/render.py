"""Texts that a model generates, after training and after each epoch, and its learning curves."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from generative.core.errors import BadInput
from generative.core.history import read_snapshots, read_table
from generative.core.params import Count, Different, Schema, Seed
from generative.datasets.base.dataset import Prepared
from generative.plots import curves
from generative.plots.architecture import plot_architecture
from generative.text.base.sampling import Temperature

LINE = 60
SEPARATOR = f"\n\n{'-' * 72}\n\n"


class Render(Schema):
    """Texts to generate: so many at each of the temperatures, of `characters` after `prompt`; if
    that is None, after a line of the test text, so that any text has one."""

    seed: Seed
    texts: Count
    characters: Count
    temperatures: Annotated[list[Temperature], Field(min_length=1), Different]
    prompt: str | None


def render(model: Any, data: Prepared, history: Path, options: Render, folder: Path) -> None:
    """Write `learning_curves.png`, `temperature_<t>.txt` and, of each epoch, `training.txt`."""
    names = ("bits_per_character", "accuracy")
    table = read_table(history)[["epoch", *names, *(f"val_{name}" for name in names)]]
    curves.learning_curves(table).save(folder / "learning_curves.png", optimize=True)
    plot_architecture(model.inference_model(), folder)
    prompt = line_of(model.decode(data.load("test")[1][0])) if options.prompt is None else ""
    prompt = options.prompt or prompt
    for temperature in options.temperatures:
        try:
            texts = model.generate(
                options.texts, options.seed, prompt, options.characters, temperature=temperature
            )
        except BadInput as error:
            raise BadInput(f"render.text.prompt: {error}") from None
        write(folder / f"temperature_{temperature}.txt", [prompt + text for text in texts])
    # The prompt is held-out text, up to the bar.
    epochs = enumerate(read_snapshots(history))
    write(
        folder / "training.txt",
        [f"epoch {epoch}, {text}" for epoch, snapshot in epochs for text in snapshot],
    )


def line_of(text: str) -> str:
    """The first whole line of `text` with anything in it, and its end; `LINE` characters at most,
    or the beginning of `text` if it has no such line."""
    _, *lines = text.split("\n")
    whole = next((line for line in lines[:-1] if line.strip()), None)
    return f"{whole}\n"[:LINE] if whole else text[:LINE]


def write(file: Path, texts: list[str]) -> None:
    """Write `texts` with a line between them."""
    # No newline is translated: a text file is the same bytes on any system.
    file.write_text(SEPARATOR.join(texts) + "\n", encoding="utf-8", newline="\n")
