"""Prepared data: one split of a data set's `.npz`, its lists, and shuffled batches for `fit`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generative.core.errors import BadInput
from generative.core.errors import unknown

if TYPE_CHECKING:
    import tensorflow as tf

SPLITS = ("train", "validation", "test")


Arrays = dict[str, np.ndarray]


def read(folder: Path, key: str, split: str) -> Arrays:
    """What `<key>.npz` holds of one split, by name without the split's.

    Raises `BadInput` if the data set is not prepared, or for a split that there is not.
    """
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    with np.load(_existing(folder / f"{key}.npz", key)) as prepared:
        own = [name for name in prepared.files if name.startswith(f"{split}_")]
        return {name.removeprefix(f"{split}_"): prepared[name] for name in own}


def listed(folder: Path, key: str, name: str) -> list[str]:
    """The list `<name>.json` of the data set `key`; `BadInput` if it is not prepared."""
    text = _existing(folder / f"{name}.json", key).read_text(encoding="utf-8")
    found: list[str] = json.loads(text)
    return found


def load(folder: Path, key: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images of one split, float32 [N, height, width, channels] in [0, 1], and labels, uint8 [N].

    Raises `BadInput` as `read` does.
    """
    found = read(folder, key, split)
    return found["images"].astype(np.float32) / 255, found["labels"]


def shuffled(examples: tuple[Arrays, Arrays], batch_size: int, seed: int) -> "tf.data.Dataset":
    """Inputs and targets [N, ...] by name for `fit`: shuffled each epoch, full batches."""
    import tensorflow as tf

    count = len(next(iter(examples[0].values())))
    order = tf.data.Dataset.from_tensor_slices(examples).shuffle(count, seed=seed)
    return order.batch(batch_size, drop_remainder=True).prefetch(2)


def batches(
    folder: Path,
    key: str,
    batch_size: int,
    seed: int,
    transform: Callable[[Any, Any], Any] = lambda images, step: images,
) -> "tf.data.Dataset":
    """The training images for `fit`: shuffled each epoch, full batches of (images, labels).

    `transform` makes what the model sees of a batch, float32 [batch, height, width, channels] in
    [0, 1]; its second argument is a new random number for each batch, int64, to seed draws with.
    """
    import tensorflow as tf

    train = read(folder, key, "train")
    images, labels = tf.constant(train["images"]), tf.constant(train["labels"])

    def take(index: Any, step: Any) -> tuple[Any, Any]:
        seen = transform(tf.cast(tf.gather(images, index), tf.float32) / 255, step)
        return tf.cast(seen, tf.float32), tf.gather(labels, index)

    # Shuffling numbers and gathering batches leaves the images in place: nothing else is copied.
    order = tf.data.Dataset.range(len(images)).shuffle(len(images), seed=seed)
    steps = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True)
    index = order.batch(batch_size, drop_remainder=True)
    return tf.data.Dataset.zip(index, steps).map(take).prefetch(2)


def _existing(file: Path, key: str) -> Path:
    if not file.exists():
        raise BadInput(f"{file} is missing; run dvc repro prepare@{key}")
    return file
