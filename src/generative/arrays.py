"""Prepared images and labels: one split of a data set's `.npz`, and shuffled batches for `fit`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generative.errors import BadInput, unknown

if TYPE_CHECKING:
    import tensorflow as tf

SPLITS = ("train", "validation", "test")


def load(folder: Path, key: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """One split of `<key>.npz`: float32 [N, height, width, channels] in [0, 1], uint8 labels [N].

    Raises `BadInput` if the data set is not prepared, or for a split that there is not.
    """
    images, labels = _read(folder, key, split)
    return images.astype(np.float32) / 255, labels


def batches(
    folder: Path,
    key: str,
    batch_size: int,
    seed: int,
    transform: Callable[[Any, Any], Any] = lambda images, step: images,
) -> "tf.data.Dataset":
    """The training split for `fit`: shuffled each epoch, full batches of (images, labels).

    `transform` makes what the model sees of a batch, float32 [batch, height, width, channels] in
    [0, 1]; its second argument is a new random number for each batch, int64, to seed draws with.
    """
    import tensorflow as tf

    images, labels = map(tf.constant, _read(folder, key, "train"))

    def take(index: Any, step: Any) -> tuple[Any, Any]:
        seen = transform(tf.cast(tf.gather(images, index), tf.float32) / 255, step)
        return tf.cast(seen, tf.float32), tf.gather(labels, index)

    # Shuffling numbers and gathering batches leaves the images in place: nothing else is copied.
    order = tf.data.Dataset.range(len(images)).shuffle(len(images), seed=seed)
    steps = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    index = order.batch(batch_size, drop_remainder=True)
    return tf.data.Dataset.zip(index, steps).map(take).prefetch(2)


def _read(folder: Path, key: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    try:
        with np.load(folder / f"{key}.npz") as arrays:
            return arrays[f"{split}_images"], arrays[f"{split}_labels"]
    except FileNotFoundError:
        raise BadInput(f"{folder}/{key}.npz is missing; run dvc repro prepare@{key}") from None
