"""Images of many images: grids, mosaics, animations, and codes to make them of.

Images are float32 [count, height, width, channels] in [0, 1]; pictures are Pillow's. No function
here knows a model, and but for `write_animation` none writes a file.
"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

Array = np.ndarray
Frames = Literal["animation", "files"]
Colours = Literal["gray", "viridis"]
GAP = 2  # pixels between two images of a grid


def grid(images: Array, columns: int, scale: int = 2) -> Image.Image:
    """`images` row by row on a white ground, the last row filled up with white."""
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    cell_height, cell_width = height + GAP, width + GAP
    canvas = np.ones((rows * cell_height + GAP, columns * cell_width + GAP, channels), np.float32)
    for index, image in enumerate(images):
        top = GAP + index // columns * cell_height
        left = GAP + index % columns * cell_width
        canvas[top : top + height, left : left + width] = image
    return to_picture(canvas, scale)


def mosaic(images: Array, columns: int, scale: int = 1) -> Image.Image:
    """`images` row by row with nothing between them."""
    count, height, width, channels = images.shape
    tiles = images.reshape(count // columns, columns, height, width, channels)
    joined = tiles.swapaxes(1, 2).reshape(-1, columns * width, channels)
    return to_picture(joined, scale)


def coloured(images: Array, colours: Colours) -> Array:
    """Grey `images` [count, height, width, 1] in these colours, [count, height, width, 3]; others,
    and in grey, as they are."""
    if colours == "gray" or images.shape[-1] != 1:
        return images
    from matplotlib import colormaps

    mapped: Array = colormaps[colours](images[..., 0])[..., :3].astype(np.float32)
    return mapped


def to_picture(image: Array, scale: int = 1) -> Image.Image:
    """One image [height, width, channels], each pixel drawn as `scale` x `scale`."""
    pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def animation(frames: Sequence[Image.Image], frames_per_second: int) -> bytes:
    """A looping GIF that rests on its last frame."""
    durations = [1000 // frames_per_second] * (len(frames) - 1) + [2000]
    buffer = BytesIO()
    first, *rest = frames
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=durations, loop=0)
    return buffer.getvalue()


def write_animation(
    frames: Sequence[Image.Image], frames_per_second: int, files: Frames, folder: Path
) -> None:
    """Write `training.gif` into `folder`, and with "files" each frame: `epochs/000.png`, which was
    before the training, and so on."""
    (folder / "training.gif").write_bytes(animation(frames, frames_per_second))
    if files == "files":
        (folder / "epochs").mkdir()
        for epoch, frame in enumerate(frames):
            frame.save(folder / "epochs" / f"{epoch:03}.png", optimize=True)


def unit_square_quantiles(size: int) -> Array:
    """Codes of a size x size map of a two-dimensional standard normal, float32 [size ** 2, 2].

    Each code stands for the same share of the prior's mass: the axes run through the quantiles
    0.5 / size, 1.5 / size, ..., top left to bottom right with the second coordinate upwards.
    """
    from scipy.stats import norm

    axis = norm.ppf((np.arange(size) + 0.5) / size).astype(np.float32)
    across, down = np.meshgrid(axis, axis[::-1])
    return np.stack([across, down], axis=-1).reshape(-1, 2)


def between(start: Array, end: Array, steps: int) -> Array:
    """Codes on the straight lines from each `start` to its `end`: [pairs * steps, latent]."""
    share = np.linspace(0, 1, steps, dtype=np.float32)[:, np.newaxis]
    lines = start[:, np.newaxis] * (1 - share) + end[:, np.newaxis] * share
    return lines.reshape(-1, start.shape[-1])
