"""MNIST: 70,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes & Burges, 1998).

Prepared as one `mnist.npz` of uint8 images and labels. The test digits are the original test file;
the validation digits are cut off the end of the training file.
"""

import struct
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from generative.errors import BadInput, unknown

if TYPE_CHECKING:
    import tensorflow as tf

SPLITS = ("train", "validation", "test")
SIDE = 28

Binarization = Literal["none", "threshold", "stochastic"]


def prepare(
    raw: Path,
    *,
    train_count: Annotated[int, Field(ge=1)],
    validation_count: Annotated[int, Field(ge=1)],
    test_count: Annotated[int, Field(ge=2)],  # one has no standard error
) -> dict[str, np.ndarray]:
    """Split the four raw files: `{split}_images` uint8 [N, 28, 28, 1], `{split}_labels` uint8 [N].

    Raises `BadInput` for a damaged file, or if more digits are asked for than there are.
    """
    images, labels = _read_pair(raw, "train")
    test_images, test_labels = _read_pair(raw, "t10k")
    if train_count + validation_count > len(images):
        raise BadInput(
            f"prepare.mnist: train_count {train_count} + validation_count {validation_count} is "
            f"more than the {len(images)} training digits; lower one of them"
        )
    if test_count > len(test_images):
        raise BadInput(
            f"prepare.mnist.test_count: received {test_count}, at most {len(test_images)}"
        )
    return {
        "train_images": images[:train_count],
        "train_labels": labels[:train_count],
        "validation_images": images[-validation_count:],
        "validation_labels": labels[-validation_count:],
        "test_images": test_images[:test_count],
        "test_labels": test_labels[:test_count],
    }


def load(
    folder: Path, split: str, *, binarization: Binarization, binarization_seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """One split, always the same: float32 [N, 28, 28, 1] in [0, 1] and uint8 labels [N].

    `stochastic` draws each pixel once, with the probability of its grey level, so that every run
    is measured on the same binary digits.
    """
    images, labels = _load(folder, split)
    grey = images.astype(np.float32) / 255
    noise: np.ndarray | None = None
    if binarization == "stochastic":
        generator = np.random.default_rng([binarization_seed, SPLITS.index(split)])
        noise = generator.random(grey.shape, dtype=np.float32)
    return np.asarray(binarize(grey, binarization, noise), np.float32), labels


def batches(
    folder: Path,
    batch_size: int,
    seed: int,
    *,
    binarization: Binarization,
    binarization_seed: Annotated[int, Field(ge=0, lt=2**31)],
) -> "tf.data.Dataset":
    """The training split for `fit`: shuffled each epoch, full batches of (images, labels).

    `stochastic` draws the pixels anew each epoch. Images are float32 [batch, 28, 28, 1] in [0, 1].
    """
    import tensorflow as tf

    images, labels = map(tf.constant, _load(folder, "train"))

    def take(index: Any, step: Any) -> tuple[Any, Any]:
        grey = tf.cast(tf.gather(images, index), tf.float32) / 255
        noise = None
        if binarization == "stochastic":
            noise = tf.random.stateless_uniform(tf.shape(grey), tf.stack([step, binarization_seed]))
        return tf.cast(binarize(grey, binarization, noise), tf.float32), tf.gather(labels, index)

    # Shuffling numbers and gathering batches leaves the digits in place: nothing else is copied.
    order = tf.data.Dataset.range(len(images)).shuffle(len(images), seed=seed)
    steps = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    index = order.batch(batch_size, drop_remainder=True)
    return tf.data.Dataset.zip(index, steps).map(take).prefetch(2)


def binarize(grey: Any, mode: Binarization, noise: Any) -> Any:
    """Grey levels in [0, 1] as the digits a model sees; `noise` is uniform in [0, 1).

    `threshold` sets the pixels of at least one half (the TensorFlow tutorial); `stochastic` sets a
    pixel with the probability of its grey level (Salakhutdinov & Murray, 2008).
    """
    if mode == "threshold":
        return grey >= 0.5
    if mode == "stochastic":
        return noise < grey
    return grey


def _load(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    try:
        with np.load(folder / "mnist.npz") as arrays:
            return arrays[f"{split}_images"], arrays[f"{split}_labels"]
    except FileNotFoundError:
        raise BadInput(f"{folder}/mnist.npz is missing; run dvc repro prepare@mnist") from None


def _read_pair(raw: Path, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(raw / f"{prefix}-images-idx3-ubyte", 3)
    labels = read_idx(raw / f"{prefix}-labels-idx1-ubyte", 1)
    if images.shape[1:] != (SIDE, SIDE):
        size = " x ".join(map(str, images.shape[1:]))
        raise BadInput(f"{raw}/{prefix}-images-idx3-ubyte: {size} pixels, expected 28 x 28")
    if len(images) != len(labels):
        raise BadInput(f"{raw}: {len(images)} images but {len(labels)} labels for {prefix}")
    if labels.max(initial=0) > 9:
        raise BadInput(f"{raw}/{prefix}-labels-idx1-ubyte: label {labels.max()}, expected 0 to 9")
    return images[..., np.newaxis], labels


def read_idx(file: Path, dimensions: int) -> np.ndarray:
    """Read an idx file of unsigned bytes with that many dimensions.

    Raises `BadInput` if the magic number, the shape or the length is not what the format says.
    """
    again = "delete it and run dvc repro"
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{file} is missing; run dvc repro fetch@mnist") from None
    expected = struct.pack(">HBB", 0, 8, dimensions)
    header = 4 + 4 * dimensions
    if content[:4] != expected or len(content) < header:
        raise BadInput(
            f"{file}: starts with {content[:4].hex() or 'nothing'}, expected {expected.hex()} "
            f"(idx, unsigned bytes, {dimensions} dimensions); {again}"
        )
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    length = header + int(np.prod(shape))
    if len(content) != length:
        raise BadInput(
            f"{file}: {len(content):,} bytes, but its header says {' x '.join(map(str, shape))}, "
            f"which makes {length:,}; {again}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
