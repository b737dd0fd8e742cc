"""Show what one trained text model writes: texts at several temperatures, after training and after
each epoch, and its learning curves."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from generative.core import errors
from generative.core import params
from generative.plots import grids as rendering
from generative.core import runtime
from generative.core import saving
from generative.core.runtime import Runtime
from generative.text.schema import RenderText
from generative.core.folders import atomic_folder

BETWEEN = f"\n\n{'-' * 72}\n\n"


def main(arguments: list[str]) -> None:
    model_folder, out = map(Path, arguments)
    block = params.read("render.text", RenderText)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    model = saving.load(model_folder)
    history = pd.read_csv(model_folder / "history.csv")
    names = ("bits_per_character", "accuracy")
    shown = ["epoch", *names, *(f"val_{name}" for name in names)]
    with np.load(model_folder / "snapshots.npz") as snapshots:
        frames = snapshots["frames"]
    with atomic_folder(out) as folder:
        picture = rendering.learning_curves(history[shown])
        picture.save(folder / "learning_curves.png", optimize=True)
        for heat in block.temperatures:
            texts = model.generate(
                block.texts, block.seed, block.prompt, block.characters, temperature=heat
            )
            joined = BETWEEN.join(block.prompt + text for text in texts)
            write(folder / f"temperature_{heat}.txt", joined)
        # The prompt is held-out text, up to the bar.
        epochs = [f"epoch {i}, {text}" for i, frame in enumerate(frames, 1) for text in frame]
        write(folder / "training.txt", BETWEEN.join(epochs))


def write(file: Path, text: str) -> None:
    # No newline is translated: a text file is the same bytes on any system.
    file.write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
