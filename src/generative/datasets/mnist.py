"""MNIST: 70,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes & Burges, 1998).

Prepared as one `mnist.npz` of uint8 images and labels. The test digits are the original test file;
the validation digits are cut off the end of the training file, or are the test digits.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from generative.core.params import Count, NonNegative, Seed
from generative.datasets.base import arrays
from generative.datasets.base.schema import TestCount

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

KEY = "mnist"

Binarization = Literal["none", "threshold", "stochastic"]


def prepare(
    raw: Path,
    *,
    train_count: Count,
    validation_count: NonNegative,
    test_count: TestCount,
) -> dict[str, np.ndarray]:
    """Split the four raw files: `{split}_images` uint8 [N, 28, 28, 1], `{split}_labels` uint8 [N].

    validation_count: 0 takes the test digits, as programs do that show the test loss of each epoch;
        what is chosen by it is then chosen on test data.

    Raises `BadInput` for a damaged file, or if more digits are asked for than there are.
    """
    from generative.datasets.readers import digits

    return digits.split(raw, KEY, train_count, validation_count, test_count)


def load(
    folder: Path, split: str, *, binarization: Binarization = "none", binarization_seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """One split, always the same: float32 [N, 28, 28, 1] in [0, 1] and uint8 labels [N].

    `stochastic` samples each pixel once, with the probability of its grey level, so that every run
    is measured on the same binary digits.
    """
    grey, labels = arrays.load_images(folder, KEY, split)
    noise: np.ndarray | None = None
    if binarization == "stochastic":
        generator = np.random.default_rng([binarization_seed, arrays.SPLITS.index(split)])
        noise = generator.random(grey.shape, dtype=np.float32)
    return np.asarray(binarize(grey, binarization, noise), np.float32), labels


def batches(
    folder: Path,
    batch_size: int,
    seed: int,
    *,
    binarization: Binarization,
    binarization_seed: Seed,
) -> "Batches":
    """The training split for `fit`: shuffled each epoch, full batches of (images, labels).

    `stochastic` samples the pixels anew each epoch. Images are float32 [batch, 28, 28, 1] in
    [0, 1].
    """
    import tensorflow as tf

    def transform(grey: Any, batch_seed: Any) -> Any:
        noise = None
        if binarization == "stochastic":
            seeds = tf.stack([batch_seed, binarization_seed])
            noise = tf.random.stateless_uniform(tf.shape(grey), seeds)
        return binarize(grey, binarization, noise)

    return arrays.image_batches(folder, KEY, batch_size, seed, transform)


def binarize(grey: Any, mode: Binarization, noise: Any) -> Any:
    """Grey levels in [0, 1] as black and white; `noise` is uniform in [0, 1).

    `threshold` sets the pixels of at least one half (the TensorFlow tutorial); `stochastic` sets a
    pixel with the probability of its grey level (Salakhutdinov & Murray, 2008).
    """
    if mode == "threshold":
        return grey >= 0.5
    if mode == "stochastic":
        return noise < grey
    return grey
