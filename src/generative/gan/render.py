"""Pictures of what one trained GAN generates."""

from pathlib import Path
from typing import Annotated, Any

import keras
import numpy as np
from pydantic import Field

from generative.core.history import read_snapshots, read_steps, read_table
from generative.core.params import Count, Schema, Seed
from generative.datasets.base.dataset import Prepared
from generative.plots import curves, grids
from generative.plots.architecture import plot_architecture

Array = np.ndarray
# Pixels of an image's height above which an animation has fewer images, at their own size.
LARGE = 32


class Render(Schema):
    """The section `render.gan`.

    rows, columns: of the pictures; a conditional model has a row for each class.
    animation_columns, large_animation_columns: of the animation, and as many rows; of small images
        and of large ones.
    colours: of grey images: "gray", or "viridis" from dark blue to yellow, what Matplotlib shows
        where nothing is said.
    frames: "animation" only, or also "files" of its frames: epochs/000.png before the training, ...
    """

    seed: Seed
    rows: Count
    columns: Count
    animation_columns: Count
    large_animation_columns: Count
    frames_per_second: Annotated[int, Field(ge=1, le=50)]
    colours: grids.Colours
    frames: grids.Frames


def render(model: Any, data: Prepared, history: Path, options: Render, folder: Path) -> None:
    """Write the pictures of `draw`, the learning curves and the training as an animation."""
    train, _ = data.load("train")
    pictures = draw(model, train, data.load("test"), options)
    pictures["learning_curves"] = curves.gan_curves(read_table(history))
    if (steps := read_steps(history)) is not None:
        pictures["learning_curves_by_step"] = curves.gan_curves(steps)
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.png", optimize=True)
    frames = [grids.coloured(frame, options.colours) for frame in read_snapshots(history)]
    # An animation of a hundred large images, enlarged, would be most of the report's size.
    large = frames[0].shape[1] > LARGE
    columns = options.large_animation_columns if large else options.animation_columns
    shown = [grids.grid(frame[: columns**2], columns, 1 if large else 2) for frame in frames]
    for name, network in networks(model).items():
        plot_architecture(network, folder, name)
    grids.write_animation(shown, options.frames_per_second, options.frames, folder)


def networks(model: Any) -> dict[str, keras.Model]:
    """The generator, the discriminator, and the stack of both that the generator is trained in."""
    generator, discriminator = model.generator, model.discriminator
    others = [keras.Input(other.shape[1:]) for other in discriminator.inputs[1:]]
    images = generator.outputs[0]
    judged = discriminator([images, *others] if others else images)
    stack = keras.Model([*generator.inputs, *others], judged, name="stack")
    return {"generator": generator, "discriminator": discriminator, "stack": stack}


def draw(
    model: Any, train: Array, test: tuple[Array, Array], options: Render
) -> dict[str, grids.Image.Image]:
    """Pictures by name. train: real images [N, height, width, channels]; test: such, and their
    labels [M]."""
    rows, columns = model.classes or options.rows, options.columns
    # A row a class where there are classes.
    labels = np.repeat(np.arange(rows), columns) if model.classes else None
    samples = model.generate(rows * columns, options.seed, labels)

    def grid(images: Array, columns: int) -> grids.Image.Image:
        return grids.grid(grids.coloured(images, options.colours), columns)

    pictures = {"samples": grid(samples, columns)}

    shape = samples.shape[1:]
    images, names = test
    if model.classes:
        chosen = np.stack([np.resize(np.flatnonzero(names == row), columns) for row in range(rows)])
    else:
        chosen = np.resize(np.arange(len(images)), (rows, columns))
    beside = np.concatenate([images[chosen], samples.reshape(rows, columns, *shape)], axis=1)
    pictures["real_left_generated_right"] = grid(beside.reshape(-1, *shape), 2 * columns)

    few = samples[:: max(1, len(samples) // (2 * columns))][: 2 * columns]
    pairs = np.stack([few, train[nearest(few, train)]], axis=1)
    pictures["generated_beside_nearest_training"] = grid(
        pairs.reshape(-1, *shape),
        max(2, columns // 2 * 2),  # whole pairs
    )

    noise, row_labels = model.latents(2 * rows, options.seed)
    if model.classes:
        row_labels = np.repeat(np.arange(rows), 2)
    lines = grids.between(noise[::2], noise[1::2], columns)
    interpolations = model.images(lines, np.repeat(row_labels[::2], columns))
    pictures["interpolations"] = grid(interpolations, columns)
    return pictures


def nearest(images: Array, others: Array) -> Array:
    """The index of the nearest of `others`, by the squared distance of pixels, to each of `images`:
    [N]."""
    left, right = (x.reshape(len(x), -1) for x in (images, others))
    squared = np.einsum("ij,ij->i", right, right) - 2 * left @ right.T
    return squared.argmin(axis=1)
