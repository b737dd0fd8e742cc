"""Draw what one trained likelihood model does: a model and held-out images to pictures."""

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
from generative.vae.schema import RenderLikelihood
from generative.core.runtime import Runtime
from generative.datasets import mnist
from generative.core.folders import atomic_folder
from generative.vae.metrics import encode


def main(arguments: list[str]) -> None:
    model_folder, prepared, out = map(Path, arguments)
    block = params.read("render.likelihood", RenderLikelihood)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    card = saving.describe(model_folder)
    test = mnist.load(prepared, "test", **card.data)
    model = saving.load(model_folder)
    pictures = draw(model, test, block)
    history = pd.read_csv(model_folder / "history.csv")
    pictures["learning_curves"] = rendering.learning_curves(history)
    with np.load(model_folder / "snapshots.npz") as snapshots:
        frames = snapshots["frames"] / np.float32(255)
    film = [rendering.grid(frame, columns=8, scale=3) for frame in frames]
    with atomic_folder(out) as folder:
        for name, picture in pictures.items():
            picture.save(folder / f"{name}.png", optimize=True)
        (folder / "training.gif").write_bytes(rendering.film(film, block.frames_per_second))


def draw(
    model: Any, test: tuple[np.ndarray, np.ndarray], block: RenderLikelihood
) -> dict[str, Any]:
    images, labels = test
    count = block.rows * block.columns
    pictures = {"samples": rendering.grid(model.generate(count, block.seed), block.columns)}

    codes, _ = encode(model, images)
    shown = slice(count // 2)
    pairs = np.stack([images[shown], model.images(codes[shown])], axis=1)
    pictures["reconstructions"] = rendering.grid(
        pairs.reshape(-1, *images.shape[1:]), block.columns
    )
    starts, ends = codes[: block.rows], codes[block.rows : 2 * block.rows]
    lines = rendering.between(starts, ends, block.columns)
    pictures["interpolations"] = rendering.grid(model.images(lines), block.columns)
    title = f"{len(codes):,} test digits where the encoder puts them"
    pictures["latent_scatter"] = rendering.scatter(codes, labels, title)
    if codes.shape[-1] == 2:
        plane = model.images(rendering.unit_square_quantiles(block.plane_size))
        pictures["latent_plane"] = rendering.mosaic(plane, block.plane_size)
    return pictures


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
