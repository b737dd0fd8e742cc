"""Pairs of crops of a stereo picture, one of what either eye sees: the same place or two of them.

The two pictures are cut into bands of rows, and each band is for training, validation or test: what
one eye sees in a row the other sees in the same row, so no pixel is in two splits.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from generative.datasets.base import arrays
from generative.core.errors import BadInput

if TYPE_CHECKING:
    import tensorflow as tf

KEY = "views"
# The pictures and, for each pixel of the left one, how much further left the right one has it.
LEFT, RIGHT, DISPARITY = "motorcycle_left.png", "motorcycle_right.png", "motorcycle_disp.npz"
# Of so many bands that follow each other, so many validate and test.
GROUP, VALIDATION, TEST = 5, 1, 1

Arrays = dict[str, np.ndarray]


def prepare(
    raw: Path,
    *,
    side: Annotated[int, Field(ge=1)],
    band_rows: Annotated[int, Field(ge=1)],
    shift_pixels: Annotated[int, Field(ge=0)],
    train_count: Annotated[int, Field(ge=1)],
    validation_count: Annotated[int, Field(ge=1)],
    test_count: Annotated[int, Field(ge=2)],  # one has no interval
    seed: Annotated[int, Field(ge=0, lt=2**31)],
) -> dict[str, np.ndarray]:
    """`{split}_images` uint8 [N, 2, side, side, 3], `{split}_labels`, 1 or 0, `{split}_band`.

    Crops of the same place have their middles at most `shift_pixels` apart, across and down, from
    where the other eye sees them; of two places at least a side apart, in the same band. Half of
    the pairs are the same place. Raises `BadInput` for a folder without the three files, or bands
    that are lower than a crop or fewer than there are splits.
    """
    from generative.datasets.readers import pictures

    try:
        left, right = (np.asarray(pictures.read(raw / name)) for name in (LEFT, RIGHT))
        with np.load(raw / DISPARITY) as disparities:
            disparity = disparities[disparities.files[0]]
    except (pictures.Unusable, OSError, ValueError, IndexError) as error:
        raise BadInput(
            f"prepare.{KEY}.raw: {raw} needs {LEFT}, {RIGHT} and {DISPARITY} ({error})"
        ) from None
    if not left.shape[:2] == right.shape[:2] == disparity.shape:
        raise BadInput(
            f"prepare.{KEY}.raw: the pictures are {left.shape[:2]} and {right.shape[:2]} pixels, "
            f"the disparities {disparity.shape}; all must be equal"
        )
    height = len(left)
    if band_rows < side + shift_pixels or height // band_rows < GROUP:
        raise BadInput(
            f"prepare.{KEY}.band_rows: received {band_rows}; must be at least side + shift_pixels, "
            f"{side + shift_pixels}, and at most {height // GROUP}, a {GROUP}th of the rows"
        )
    generator = np.random.default_rng(seed)
    bands: dict[str, list[int]] = {split: [] for split in arrays.SPLITS}
    for start in range(0, height // band_rows, GROUP):
        some = generator.permutation(np.arange(start, min(start + GROUP, height // band_rows)))
        bands["validation"] += some[:VALIDATION].tolist()
        bands["test"] += some[VALIDATION : VALIDATION + TEST].tolist()
        bands["train"] += some[VALIDATION + TEST :].tolist()
    prepared: dict[str, np.ndarray] = {}
    counts = (train_count, validation_count, test_count)
    for (split, own), count in zip(bands.items(), counts, strict=True):
        images = np.empty((count, 2, side, side, 3), np.uint8)
        chosen = generator.choice(own, count)
        for number, band in enumerate(chosen):
            rows = slice(band * band_rows, (band + 1) * band_rows)
            images[number] = pair(
                left[rows],
                right[rows],
                disparity[rows],
                side,
                shift_pixels,
                same=number % 2 == 0,
                generator=generator,
            )
        prepared |= {f"{split}_images": images, f"{split}_band": chosen.astype(np.uint8)}
        prepared[f"{split}_labels"] = (np.arange(count) % 2 == 0).astype(np.uint8)
    return prepared


def pair(
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
    while True:  # until both crops lie in the band, where the disparity is known
        top, column = generator.integers(rows - side + 1), generator.integers(columns - side + 1)
        known = disparity[top + side // 2, column + side // 2]
        if not np.isfinite(known):
            continue
        seen = column - round(float(known))
        if same:
            place = np.array([top, seen]) + generator.integers(-shift, shift + 1, 2)
        else:
            place = generator.integers((rows - side + 1, columns - side + 1))
            if abs(place[1] - seen) < side:
                continue
        if (place >= 0).all() and place[0] <= rows - side and place[1] <= columns - side:
            break
    crops = [left[top : top + side, column : column + side]]
    crops.append(right[place[0] : place[0] + side, place[1] : place[1] + side])
    return np.stack(crops)


def load(folder: Path, split: str) -> tuple[Arrays, Arrays]:
    """One split: `left` and `right`, float32 [N, side, side, 3] in [0, 1]; `same`, 1 or 0 [N]."""
    images, labels = arrays.load(folder, KEY, split)
    return _named(images, labels.astype(np.float32))


def batches(folder: Path, batch_size: int, seed: int) -> "tf.data.Dataset":
    """The training split for `fit`: shuffled each epoch, full batches of what `load` gives.

    Each time they come up, both crops are mirrored left to right, with probability one half.
    """
    import tensorflow as tf

    def flip(images: Any, step: Any) -> Any:
        heads = tf.random.stateless_uniform([batch_size, 1, 1, 1, 1], tf.stack([step, 0]))
        return tf.where(heads < 0.5, tf.reverse(images, [3]), images)

    return arrays.batches(folder, KEY, batch_size, seed, flip).map(
        lambda images, labels: _named(images, tf.cast(labels, tf.float32))
    )


def _named(images: Any, labels: Any) -> Any:
    return {"left": images[:, 0], "right": images[:, 1]}, {"same": labels}


def facts(folder: Path) -> dict[str, Any]:
    """What a model's constructor is told of the data."""
    images, _ = arrays.load(folder, KEY, "validation")
    return {"side": images.shape[2]}


def groups(folder: Path, split: str) -> dict[str, np.ndarray]:
    """What examples have in common, by its name: numbers [N], equal for crops of one band."""
    return {"band": arrays.read(folder, KEY, split)["band"]}


def likeness(inputs: Arrays) -> np.ndarray:
    """What a comparison without a model says: minus the mean difference of the pixels [N]."""
    return -np.abs(inputs["left"] - inputs["right"]).mean(axis=(1, 2, 3))
