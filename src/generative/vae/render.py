"""Pictures of a trained variational autoencoder: samples, reconstructions, its latent space."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from PIL import Image
from pydantic import Field

from generative.core.history import read_snapshots, read_table
from generative.core.params import Count, Schema, Seed
from generative.datasets.base.dataset import Prepared
from generative.plots import curves, grids
from generative.plots.architecture import plot_architecture
from generative.plots.sliders import Axis, axis, write_sliders
from generative.vae.base.model import BaseVAE, encode

Array = np.ndarray
SCATTERED = 2000  # codes that are kept for other drawings of the scatter


class Render(Schema):
    """What the pictures show: the section `render.vae`.

    rows, columns: images in a grid. plane_size, slider_plane: images along each side of the
    pictures of a two-dimensional latent space, the still one and that of the sliders.
    animation_columns: images in a row of the animation of the training.
    """

    seed: Seed
    rows: Count
    columns: Count
    plane_size: Count
    slider_plane: Count
    animation_columns: Count
    frames_per_second: Annotated[int, Field(ge=1, le=50)]
    frames: grids.Frames


def render(model: BaseVAE, data: Prepared, history: Path, options: Render, folder: Path) -> None:
    """Write the pictures into `folder`, the animation of the training, `latent_scatter.csv`, and,
    of a two-dimensional latent space, `sliders.png` with the axes that lead through it,
    `sliders.json`."""
    images, labels = data.load("test")
    codes, _ = encode(model, images)
    pictures = draw(model, images, labels, codes, options)
    table = pd.DataFrame(codes[:SCATTERED, :2], columns=["code_1", "code_2"]).assign(
        digit=labels[:SCATTERED]
    )
    table.to_csv(folder / "latent_scatter.csv", index=False, float_format="%.4f")
    pictures["learning_curves"] = curves.learning_curves(read_table(history))
    if model.latent_size == 2:
        axes, images = latent_plane(model, options.slider_plane)
        write_sliders(axes, images, folder)
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.png", optimize=True)
    columns = options.animation_columns
    frames = [grids.grid(frame, columns, scale=3) for frame in read_snapshots(history)]
    plot_architecture(model.encoder, folder, "encoder")
    plot_architecture(model.decoder, folder, "decoder")
    grids.write_animation(frames, options.frames_per_second, options.frames, folder)


def draw(
    model: BaseVAE, images: Array, labels: Array, codes: Array, options: Render
) -> dict[str, Image.Image]:
    """Samples, test images beside their reconstructions, interpolations between test images, and
    the latent space, by name."""
    rows, columns = options.rows, options.columns
    count = rows * columns
    examples = slice(count // 2)
    pairs = np.stack([images[examples], model.images(codes[examples])], axis=1)
    lines = grids.between(codes[:rows], codes[rows : 2 * rows], columns)
    title = f"{len(codes):,} test digits where the encoder puts them"
    pictures = {
        "samples": grids.grid(model.generate(count, options.seed), columns),
        "reconstructions": grids.grid(pairs.reshape(-1, *images.shape[1:]), columns),
        "interpolations": grids.grid(model.images(lines), columns),
        "latent_scatter": curves.scatter(codes, labels, title),
    }
    if model.latent_size == 2:
        _, plane = latent_plane(model, options.plane_size)
        pictures["latent_plane"] = grids.mosaic(plane, options.plane_size)
    return pictures


def latent_plane(model: BaseVAE, size: int) -> tuple[list[Axis], Array]:
    """A two-dimensional latent space through the quantiles of the prior: the name and values of
    both axes, and images float32 [size ** 2, height, width, 1], row by row.

    The first axis, code 2, falls from row to row; the second, code 1, rises along each.
    """
    codes = grids.unit_square_quantiles(size)
    values = {"code 2": codes[::size, 1], "code 1": codes[:size, 0]}
    axes = [axis(name, places.astype(float)) for name, places in values.items()]
    return axes, model.images(codes)
