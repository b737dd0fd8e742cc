"""A folder of colour pictures, cropped or resized to height x width: by default crops of the Hubble
eXtreme Deep Field. Labels are zeros: there are no classes.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from generative.datasets.base import arrays
from generative.core.errors import BadInput

if TYPE_CHECKING:
    import tensorflow as tf

KEY = "pictures"

Fit = Literal["crop", "resize"]
Flips = Literal["none", "horizontal", "both"]
Share = Annotated[float, Field(gt=0, lt=1)]


def prepare(
    raw: Path,
    *,
    height: Annotated[int, Field(ge=1)],
    width: Annotated[int, Field(ge=1)],
    fit: Fit,
    train_crops: Annotated[int, Field(ge=1)],
    validation_crops: Annotated[int, Field(ge=1)],
    test_crops: Annotated[int, Field(ge=2)],  # one has no standard error
    validation_share: Share,
    test_share: Share,
    seed: Annotated[int, Field(ge=0, lt=2**31)],
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
    from generative.datasets.readers import crops
    from generative.datasets.readers import pictures

    files = pictures.files_of(raw)
    counts = dict(zip(arrays.SPLITS, (train_crops, validation_crops, test_crops), strict=True))
    try:
        if fit == "crop":
            images = crops.cut(
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
            whole = _resize(raw, files, height, width)
            images = _divide(whole, validation_share, test_share, seed)
    except BadInput as error:
        raise BadInput(f"prepare.{KEY}: {error}") from None
    labels = {f"{split}_labels": np.zeros(len(some), np.uint8) for split, some in images.items()}
    return {f"{split}_images": some for split, some in images.items()} | labels


def _resize(raw: Path, files: list[Path], height: int, width: int) -> np.ndarray:
    """Whole pictures: uint8 [N, height, width, 3]."""
    from PIL import Image, ImageOps

    from generative.datasets.readers import pictures

    def cover(picture: Image.Image) -> np.ndarray:
        pictures.check_size(picture, height, width)
        return np.asarray(ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS))

    return np.stack([pixels for _, pixels in pictures.survey(raw, files, cover)])


def _divide(
    images: np.ndarray, validation_share: float, test_share: float, seed: int
) -> dict[str, np.ndarray]:
    """`images` in random order, divided by share."""
    from generative.datasets.readers.crops import lengths

    parts = lengths(len(images), validation_share, test_share)
    if parts["train"] < 1 or parts["validation"] < 1 or parts["test"] < 2:
        divided = ", ".join(f"{length} for {split}" for split, length in parts.items())
        raise BadInput(
            f"too few pictures, of {len(images)} the shares make {divided}; at least 1, 1 and 2 "
            "are needed: add pictures, change validation_share or test_share, or set fit: crop"
        )
    order = np.random.default_rng(seed).permutation(len(images))
    ends = np.cumsum(list(parts.values()))[:-1]
    return dict(zip(parts, np.split(images[order], ends), strict=True))


def load(folder: Path, split: str, *, flips: Flips) -> tuple[np.ndarray, np.ndarray]:
    """One split as it is, never flipped: float32 [N, height, width, 3] in [0, 1], uint8 zeros."""
    return arrays.load(folder, KEY, split)


def batches(folder: Path, batch_size: int, seed: int, *, flips: Flips) -> "tf.data.Dataset":
    """The training split for `fit`: shuffled each epoch, full batches of (images, labels).

    Images are float32 [batch, height, width, 3] in [0, 1]. Each time it comes up, a picture is
    mirrored with probability one half: left to right (`horizontal`), or that and upside down, one
    regardless of the other (`both`).
    """
    import tensorflow as tf

    def flip(images: Any, step: Any) -> Any:
        axes = {"none": [], "horizontal": [2], "both": [2, 1]}[flips]
        for number, axis in enumerate(axes):
            heads = tf.random.stateless_uniform([batch_size, 1, 1, 1], tf.stack([step, number]))
            images = tf.where(heads < 0.5, tf.reverse(images, [axis]), images)
        return images

    return arrays.batches(folder, KEY, batch_size, seed, flip)
