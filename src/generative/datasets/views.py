"""Pairs of crops of a stereo picture, one of each camera's view: the same place or two of them.

The two pictures are cut into bands of rows, and each band is for training, validation or test: a
row of the left view is the same row of the right one, so no pixel is in two splits.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generative.core import inputs
from generative.core.errors import BadInput, first_line
from generative.core.params import Count, NonNegative, Seed
from generative.datasets.base import arrays
from generative.datasets.base.arrays import Arrays
from generative.datasets.base.schema import TestCount

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

KEY = "views"
# The pictures and, for each pixel of the left one, how much further left the right one has it.
LEFT, RIGHT, DISPARITY = "motorcycle_left.png", "motorcycle_right.png", "motorcycle_disp.npz"
# Of so many consecutive bands, so many are for validation and for test.
GROUP, VALIDATION, TEST = 5, 1, 1
# Places that are tried for a pair of crops.
ATTEMPTS = 10_000


def prepare(
    raw: Path,
    *,
    side: Count,
    band_rows: Count,
    shift_pixels: NonNegative,
    train_count: Count,
    validation_count: Count,
    test_count: TestCount,
    seed: Seed,
) -> dict[str, np.ndarray]:
    """`{split}_images` uint8 [N, 2, side, side, 3], `{split}_labels`, 1 or 0, `{split}_band`.

    Crops of the same place are at most `shift_pixels`, across and down, off the disparity; those of
    two places are at least a side apart, in the same band. Half of the pairs are the same place.
    Raises `BadInput` for a folder without the three files, or bands that are lower than a crop or
    fewer than there are splits.
    """
    left, right, disparity = _read(raw)
    bands_count = len(left) // band_rows
    if band_rows < side + shift_pixels or bands_count < GROUP:
        raise BadInput(
            f"prepare.{KEY}.band_rows: received {band_rows}; must be at least side + shift_pixels, "
            f"{side + shift_pixels}, and at most {len(left) // GROUP}, a {GROUP}th of the rows"
        )
    if left.shape[1] < side:
        raise BadInput(
            f"prepare.{KEY}.side: received {side}, the pictures have {left.shape[1]} columns"
        )
    generator = np.random.default_rng(seed)
    bands: dict[str, list[int]] = {split: [] for split in arrays.SPLITS}
    for start in range(0, bands_count, GROUP):
        group = generator.permutation(np.arange(start, min(start + GROUP, bands_count)))
        bands["validation"] += group[:VALIDATION].tolist()
        bands["test"] += group[VALIDATION : VALIDATION + TEST].tolist()
        bands["train"] += group[VALIDATION + TEST :].tolist()
    prepared: dict[str, np.ndarray] = {}
    counts = (train_count, validation_count, test_count)
    for (split, own), count in zip(bands.items(), counts, strict=True):
        images = np.empty((count, 2, side, side, 3), np.uint8)
        sampled = generator.choice(own, count)
        for number, band in enumerate(sampled):
            rows = slice(band * band_rows, (band + 1) * band_rows)
            images[number] = crop_pair(
                left[rows],
                right[rows],
                disparity[rows],
                side,
                shift_pixels,
                same=number % 2 == 0,
                generator=generator,
            )
        prepared |= {f"{split}_images": images, f"{split}_band": sampled.astype(np.uint8)}
        prepared[f"{split}_labels"] = (np.arange(count) % 2 == 0).astype(np.uint8)
    return prepared


def _read(raw: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left and right picture, uint8 [rows, columns, 3], and the disparity [rows, columns]."""
    from generative.datasets.readers import pictures

    try:
        left, right = (np.asarray(pictures.read(raw / name)) for name in (LEFT, RIGHT))
        disparity = next(iter(inputs.npz(raw / DISPARITY).values()))
        if disparity.dtype.kind not in "fiu":
            raise ValueError(f"disparities of type {disparity.dtype}")
    except Exception as error:  # a damaged archive raises almost anything
        raise BadInput(
            f"prepare.{KEY}.raw: {raw} needs {LEFT}, {RIGHT} and {DISPARITY} ({first_line(error)})"
        ) from None
    if not left.shape[:2] == right.shape[:2] == disparity.shape:
        raise BadInput(
            f"prepare.{KEY}.raw: the pictures are {left.shape[:2]} and {right.shape[:2]} pixels, "
            f"the disparities {disparity.shape}; all must be equal"
        )
    return left, right, disparity


def crop_pair(
    left: np.ndarray,
    right: np.ndarray,
    disparity: np.ndarray,
    side: int,
    shift: int,
    *,
    same: bool,
    generator: np.random.Generator,
) -> np.ndarray:
    """Two crops of a band, uint8 [2, side, side, 3]: `left` [rows, columns, 3], then `right`."""
    rows, columns = disparity.shape
    for _ in range(ATTEMPTS):  # until both crops lie in the band, where the disparity is known
        top, column = generator.integers(rows - side + 1), generator.integers(columns - side + 1)
        offset = disparity[top + side // 2, column + side // 2]
        if not abs(offset) < columns:  # not known, or no disparity
            continue
        match = column - round(float(offset))
        if same:
            place = np.array([top, match]) + generator.integers(-shift, shift + 1, 2)
        else:
            place = generator.integers((rows - side + 1, columns - side + 1))
            if abs(place[1] - match) < side:
                continue
        if (place >= 0).all() and place[0] <= rows - side and place[1] <= columns - side:
            break
    else:
        raise BadInput(
            f"prepare.{KEY}: a band has no two crops of {side} pixels, of one place and of two; "
            "take a smaller side, or pictures whose disparities are known"
        )
    crops = [left[top : top + side, column : column + side]]
    crops.append(right[place[0] : place[0] + side, place[1] : place[1] + side])
    return np.stack(crops)


def load(folder: Path, split: str) -> tuple[Arrays, Arrays]:
    """One split: `left` and `right`, float32 [N, side, side, 3] in [0, 1]; `same`, 1 or 0 [N]."""
    images, labels = arrays.load_images(folder, KEY, split)
    return _by_name(images, labels.astype(np.float32))


def batches(folder: Path, batch_size: int, seed: int) -> "Batches":
    """The training split for `fit`: shuffled each epoch, full batches of what `load` gives.

    In each epoch both crops of a pair are mirrored left to right with probability one half.
    """
    import tensorflow as tf

    def flip(images: Any, batch_seed: Any) -> Any:
        uniform = tf.random.stateless_uniform([batch_size, 1, 1, 1, 1], tf.stack([batch_seed, 0]))
        return tf.where(uniform < 0.5, tf.reverse(images, [3]), images)

    return arrays.image_batches(folder, KEY, batch_size, seed, flip).map(
        lambda images, labels: _by_name(images, tf.cast(labels, tf.float32))
    )


def _by_name(images: Any, labels: Any) -> Any:
    return {"left": images[:, 0], "right": images[:, 1]}, {"same": labels}


def facts(folder: Path) -> dict[str, Any]:
    """Arguments of a network's constructor: the side of a crop in pixels."""
    return {"side": arrays.read(folder, KEY, "validation")["images"].shape[2]}


def groups(folder: Path, split: str) -> Arrays:
    """The `band` of each pair, a number [N]."""
    return {"band": arrays.read(folder, KEY, split)["band"]}


def similarity(inputs: Arrays) -> np.ndarray:
    """Minus the mean absolute difference of the pixels, float32 [N] in [-1, 0]."""
    return -np.abs(inputs["left"] - inputs["right"]).mean(axis=(1, 2, 3))
