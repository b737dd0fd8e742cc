"""Random crops of pictures, such that no pixel of a test crop is in a training crop.

Each picture is cut across its longer side into a band for training, one for validation and one for
test; a crop lies inside one band.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from generative.datasets.readers import pictures


def random_crops(
    folder: Path,
    files: list[Path],
    *,
    height: int,
    width: int,
    counts: dict[str, int],
    validation_share: float,
    test_share: float,
    seed: int,
) -> dict[str, np.ndarray]:
    """`counts[split]` crops for each split, uint8 [count, height, width, 3], the pictures in turn.

    Every picture among `files`, which are those of `folder`, gives equally many, one more or less.
    Raises `BadInput` if no picture is large enough.
    """

    def large_enough(picture: Image.Image) -> None:
        pictures.check_size(picture, height, width)
        found = bands(picture.height, picture.width, validation_share, test_share)
        for split in counts:
            rows, columns = found[split]
            band_height, band_width = rows.stop - rows.start, columns.stop - columns.start
            if band_height < height or band_width < width:
                raise pictures.Unusable(
                    f"of its {picture.height} x {picture.width} pixels {split} gets {band_height} "
                    f"x {band_width}, too narrow for crops of {height} x {width}: it takes larger "
                    f"pictures, smaller crops or another {split}_share"
                )

    # Decoded twice, so that a folder of large photographs needs the memory of one.
    usable = [file for file, _ in pictures.read_usable(folder, files, large_enough)]
    generator = np.random.default_rng(seed)
    crops, sources = {}, {}
    for split, count in counts.items():
        crops[split] = np.empty((count, height, width, 3), np.uint8)
        sources[split] = generator.permutation(len(usable))[np.arange(count) % len(usable)]
    for number, file in enumerate(usable):
        pixels = np.asarray(pictures.read(file))
        found = bands(pixels.shape[0], pixels.shape[1], validation_share, test_share)
        for split in counts:
            rows, columns = found[split]
            chosen = np.flatnonzero(sources[split] == number)
            band = pixels[rows, columns]
            crops[split][chosen] = crops_of(band, height, width, len(chosen), generator)
    return crops


def crops_of(
    pixels: np.ndarray, height: int, width: int, count: int, generator: np.random.Generator
) -> np.ndarray:
    """Crops at random places of `pixels` [H, W, 3]: [count, height, width, 3]."""
    tops = generator.integers(pixels.shape[0] - height + 1, size=count)
    lefts = generator.integers(pixels.shape[1] - width + 1, size=count)
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (height, width), axis=(0, 1))
    return windows[tops, lefts].transpose(0, 2, 3, 1)


def bands(
    height: int, width: int, validation_share: float, test_share: float
) -> dict[str, tuple[slice, slice]]:
    """The rows and columns of each split in a picture of height x width."""
    start, found = 0, {}
    for split, length in lengths(max(height, width), validation_share, test_share).items():
        along = slice(start, start + length)
        across = width >= height
        found[split] = (slice(0, height), along) if across else (along, slice(0, width))
        start += length
    return found


def lengths(total: int, validation_share: float, test_share: float) -> dict[str, int]:
    """`total` divided by share; training gets the rest."""
    validation, test = round(total * validation_share), round(total * test_share)
    return {"train": total - validation - test, "validation": validation, "test": test}
