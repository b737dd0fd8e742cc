"""Draw what one trained GAN does: a model and real images to pictures."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generative.core import errors
from generative.core import params
from generative.plots import grids as rendering
from generative.core import runtime
from generative.core import saving
from generative.gan.schema import RenderAdversarial
from generative.core.runtime import Runtime
from generative.core.folders import atomic_folder
from generative.core import members

Array = np.ndarray
# Pixels of a picture's height above which films show fewer, as they are.
LARGE = 32


def main(arguments: list[str]) -> None:
    model_folder, prepared, out = map(Path, arguments)
    block = params.read("render.adversarial", RenderAdversarial)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    card = saving.describe(model_folder)
    dataset = members.dataset(card.dataset)
    train, _ = dataset.load(prepared, "train", **card.data)
    test = dataset.load(prepared, "test", **card.data)
    pictures = draw(saving.load(model_folder), train, test, block)
    pictures["learning_curves"] = rendering.game(pd.read_csv(model_folder / "history.csv"))
    with np.load(model_folder / "snapshots.npz") as snapshots:
        frames = snapshots["frames"] / np.float32(255)
    # A film of a hundred large pictures, enlarged, would weigh more than all else in the report.
    large = frames.shape[2] > LARGE
    side, scale = (block.large_film_columns, 1) if large else (block.film_columns, 2)
    film = [rendering.grid(frame[: side**2], side, scale) for frame in frames]
    with atomic_folder(out) as folder:
        for name, picture in pictures.items():
            picture.save(folder / f"{name}.png", optimize=True)
        (folder / "training.gif").write_bytes(rendering.film(film, block.frames_per_second))


def draw(
    model: Any, train: Array, test: tuple[Array, Array], block: RenderAdversarial
) -> dict[str, Any]:
    """Pictures by name. train: real images [N, height, width, channels]; test: such, and their
    labels [M]."""
    rows, columns = model.classes or block.rows, block.columns
    # A row a class where there are classes.
    labels = np.repeat(np.arange(rows), columns) if model.classes else None
    samples = model.generate(rows * columns, block.seed, labels)
    pictures = {"samples": rendering.grid(samples, columns)}

    shape = samples.shape[1:]
    images, names = test
    if model.classes:
        chosen = np.stack([np.resize(np.flatnonzero(names == row), columns) for row in range(rows)])
    else:
        chosen = np.resize(np.arange(len(images)), (rows, columns))
    beside = np.concatenate([images[chosen], samples.reshape(rows, columns, *shape)], axis=1)
    pictures["real_left_generated_right"] = rendering.grid(beside.reshape(-1, *shape), 2 * columns)

    few = samples[:: max(1, len(samples) // (2 * columns))][: 2 * columns]
    pairs = np.stack([few, train[nearest(few, train)]], axis=1)
    pictures["generated_beside_nearest_training"] = rendering.grid(
        pairs.reshape(-1, *shape),
        max(2, columns // 2 * 2),  # whole pairs
    )

    noise, named = model.codes(2 * rows, block.seed)
    if model.classes:
        named = np.repeat(np.arange(rows), 2)
    lines = rendering.between(noise[::2], noise[1::2], columns)
    between = model.images(lines, np.repeat(named[::2], columns))
    pictures["interpolations"] = rendering.grid(between, columns)
    return pictures


def nearest(images: Array, among: Array) -> Array:
    """For each of `images` the place of the one `among` others whose pixels are nearest: [N]."""
    left, right = (x.reshape(len(x), -1) for x in (images, among))
    squared = np.einsum("ij,ij->i", right, right) - 2 * left @ right.T
    return squared.argmin(axis=1)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
