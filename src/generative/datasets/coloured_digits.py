"""MNIST digits over photographs, in colour (the MNIST-M of Ganin et al., 2016), 32 x 32 x 3.

Each digit is blended with a random patch of a photograph as the difference |patch - digit|, channel
by channel. Digits are divided as MNIST's; patches are not, for all splits must look alike and there
may be few photographs.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from generative.core.params import Count, Seed
from generative.datasets.base import arrays
from generative.datasets.base.schema import TestCount

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

KEY = "coloured_digits"
SIDE = 32


def prepare(
    raw: Path,
    *,
    train_count: Count,
    validation_count: Count,
    test_count: TestCount,
    seed: Seed,
) -> dict[str, np.ndarray]:
    """`{split}_images` uint8 [N, 32, 32, 3], `{split}_labels` uint8 [N].

    `raw` holds MNIST's four files and photographs. Raises `BadInput` for a damaged file of digits,
    if more digits are asked for than there are, or if no photograph can be used.
    """
    from generative.datasets.readers import crops, digits, pictures

    prepared = digits.split(raw, KEY, train_count, validation_count, test_count)
    counts = [len(prepared[f"{split}_labels"]) for split in arrays.SPLITS]
    patches = crops.random_crops(
        raw,
        [file for file in pictures.files_of(raw) if "-ubyte" not in file.name],
        height=SIDE,
        width=SIDE,
        counts={"train": sum(counts)},
        validation_share=0.0,
        test_share=0.0,
        seed=seed,
    )["train"]
    for split, own in arrays.divide(patches, counts).items():
        prepared[f"{split}_images"] = blend(prepared[f"{split}_images"], own)
    return prepared


def blend(digits: np.ndarray, patches: np.ndarray) -> np.ndarray:
    """|patch - digit|: uint8 [N, 28, 28, 1] in the middle of uint8 [N, 32, 32, 3]."""
    margin = (SIDE - digits.shape[1]) // 2
    padded = np.pad(digits, ((0, 0), (margin, margin), (margin, margin), (0, 0)))
    # Of unsigned bytes the larger minus the smaller: a plain difference would wrap.
    return np.maximum(patches, padded) - np.minimum(patches, padded)


def load(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """One split: float32 [N, 32, 32, 3] in [0, 1] and uint8 labels [N]."""
    return arrays.load_images(folder, KEY, split)


def batches(folder: Path, batch_size: int, seed: int) -> "Batches":
    """The training split for `fit`: shuffled each epoch, full batches of (images, labels).

    Images are float32 [batch, 32, 32, 3] in [0, 1].
    """
    return arrays.image_batches(folder, KEY, batch_size, seed)
