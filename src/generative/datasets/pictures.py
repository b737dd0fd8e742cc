"""A folder of colour pictures, cropped or resized to height x width: by default crops of the Hubble
eXtreme Deep Field. Labels are zeros: there are no classes.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from generative.core.errors import BadInput
from generative.core.params import Count, Seed
from generative.datasets.base import arrays
from generative.datasets.base.schema import Share, TestCount

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

KEY = "pictures"

Fit = Literal["crop", "resize"]
Flips = Literal["none", "horizontal", "both"]


def prepare(
    raw: Path,
    *,
    height: Count,
    width: Count,
    fit: Fit,
    train_crops: Count,
    validation_crops: Count,
    test_crops: TestCount,
    validation_share: Share,
    test_share: Share,
    seed: Seed,
) -> dict[str, np.ndarray]:
    """`{split}_images` uint8 [N, height, width, 3], `{split}_labels` uint8 [N], all 0.

    `crop` takes that many random crops for each split; the shares divide each picture, across its
    longer side. `resize` takes whole pictures, scaled to cover height x width and cut at the
    middle; the shares divide the pictures. Files that are no pictures, unreadable or too small are
    skipped with a line. Raises `BadInput` if nothing or too little is left.
    """
    if validation_share + test_share >= 1:
        raise BadInput(
            f"prepare.{KEY}: validation_share {validation_share} + test_share {test_share} leave "
            "nothing to train on; lower one of them"
        )
    from generative.datasets.readers import crops, pictures

    files = pictures.files_of(raw)
    counts = dict(zip(arrays.SPLITS, (train_crops, validation_crops, test_crops), strict=True))
    try:
        if fit == "crop":
            images = crops.random_crops(
                raw,
                files,
                height=height,
                width=width,
                counts=counts,
                validation_share=validation_share,
                test_share=test_share,
                seed=seed,
            )
        else:
            resized = _resize(raw, files, height, width)
            images = _divide(resized, validation_share, test_share, seed)
    except BadInput as error:
        raise BadInput(f"prepare.{KEY}: {error}") from None
    labels = {f"{split}_labels": np.zeros(len(own), np.uint8) for split, own in images.items()}
    return {f"{split}_images": own for split, own in images.items()} | labels


def _resize(raw: Path, files: list[Path], height: int, width: int) -> np.ndarray:
    """Whole pictures: uint8 [N, height, width, 3]."""
    from PIL import Image, ImageOps

    from generative.datasets.readers import pictures

    def cover(picture: Image.Image) -> np.ndarray:
        pictures.check_size(picture, height, width)
        return np.asarray(ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS))

    return np.stack([pixels for _, pixels in pictures.read_usable(raw, files, cover)])


def _divide(
    images: np.ndarray, validation_share: float, test_share: float, seed: int
) -> arrays.Arrays:
    """`images` in random order, divided by share."""
    from generative.datasets.readers.crops import lengths

    counts = lengths(len(images), validation_share, test_share)
    if counts["train"] < 1 or counts["validation"] < 1 or counts["test"] < 2:
        listed = ", ".join(f"{count} for {split}" for split, count in counts.items())
        raise BadInput(
            f"too few pictures, of {len(images)} the shares make {listed}; at least 1, 1 and 2 "
            "are needed: add pictures, change validation_share or test_share, or set fit: crop"
        )
    order = np.random.default_rng(seed).permutation(len(images))
    return arrays.divide(images[order], list(counts.values()))


def load(folder: Path, split: str, *, flips: Flips = "none") -> tuple[np.ndarray, np.ndarray]:
    """One split as it is, never flipped: float32 [N, height, width, 3] in [0, 1], uint8 zeros."""
    return arrays.load_images(folder, KEY, split)


def batches(folder: Path, batch_size: int, seed: int, *, flips: Flips) -> "Batches":
    """The training split for `fit`: shuffled each epoch, full batches of (images, labels).

    Images are float32 [batch, height, width, 3] in [0, 1]. In each epoch a picture is mirrored with
    probability one half: left to right (`horizontal`), or that and, independently, upside down
    (`both`).
    """
    import tensorflow as tf

    def flip(images: Any, batch_seed: Any) -> Any:
        if flips != "none":
            seed = tf.stack([batch_seed, 0])
            images = tf.image.stateless_random_flip_left_right(images, seed)
        if flips == "both":
            seed = tf.stack([batch_seed, 1])
            images = tf.image.stateless_random_flip_up_down(images, seed)
        return images

    return arrays.image_batches(folder, KEY, batch_size, seed, flip)
