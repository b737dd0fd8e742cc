"""Prepared data on disk, one split of it, and shuffled batches for `fit`.

A prepared data set is `<key>.npz` with its arrays as `{split}_{name}`, a JSON file for each of its
lists, and the md5 of each of these.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generative.core.errors import unknown
from generative.core.folders import read_json, whole, write_checksums, write_json

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

SPLITS = ("train", "validation", "test")

Arrays = dict[str, np.ndarray]
Content = Mapping[str, np.ndarray | list[str]]


def save(folder: Path, key: str, prepared: Content) -> None:
    """Write what the data set `key` prepared into `folder`."""
    arrays: dict[str, Any] = {}
    for name, value in prepared.items():
        if isinstance(value, list):
            write_json(folder / f"{name}.json", value)
        else:
            arrays[name] = value
    np.savez_compressed(folder / f"{key}.npz", **arrays)
    write_checksums(folder)


def read(folder: Path, key: str, split: str) -> Arrays:
    """What `<key>.npz` holds of one split, by name without the split's.

    Raises `BadInput` if the data set is not prepared, or for a split that there is not.
    """
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)
    with np.load(whole(folder / f"{key}.npz", f"dvc repro prepare@{key}")) as prepared:
        own = [name for name in prepared.files if name.startswith(f"{split}_")]
        return {name.removeprefix(f"{split}_"): prepared[name] for name in own}


def read_list(folder: Path, key: str, name: str) -> list[str]:
    """The list `<name>.json` of the data set `key`; `BadInput` if it is not prepared."""
    found: list[str] = read_json(whole(folder / f"{name}.json", f"dvc repro prepare@{key}"))
    return found


def narrow(numbers: np.ndarray) -> np.ndarray:
    """Whole numbers from 0 on, in the narrowest type that holds them all."""
    return numbers.astype(np.min_scalar_type(numbers.max(initial=0)))


def divide(values: np.ndarray, counts: Sequence[int]) -> Arrays:
    """`values` [N, ...] cut into one piece a split, in order; the counts add up to N."""
    return dict(zip(SPLITS, np.split(values, np.cumsum(counts)[:-1]), strict=True))


def load_images(folder: Path, key: str, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Images of one split, float32 [N, height, width, channels] in [0, 1], and labels, uint8 [N].

    Raises `BadInput` as `read` does.
    """
    found = read(folder, key, split)
    return found["images"].astype(np.float32) / 255, found["labels"]


def image_batches(
    folder: Path,
    key: str,
    batch_size: int,
    seed: int,
    transform: Callable[[Any, Any], Any] = lambda images, batch_seed: images,
) -> "Batches":
    """The training images for `fit`: full batches of (images, labels).

    `transform(images, batch_seed)` changes a batch, float32 [batch, height, width, channels] in
    [0, 1]; `batch_seed` is a new random number for each batch, int64.
    """
    import tensorflow as tf

    from generative.datasets.base.batches import gathered

    train = read(folder, key, "train")
    images, labels = tf.constant(train["images"]), tf.constant(train["labels"])

    def take(index: Any, batch_seed: Any) -> tuple[Any, Any]:
        scaled = tf.cast(tf.gather(images, index), tf.float32) / 255
        return tf.cast(transform(scaled, batch_seed), tf.float32), tf.gather(labels, index)

    return gathered(len(images), batch_size, seed, take)


def shuffled_batches(examples: tuple[Arrays, Arrays], batch_size: int, seed: int) -> "Batches":
    """Inputs and targets [N, ...] by name for `fit`: full batches."""
    import tensorflow as tf

    from generative.datasets.base.batches import gathered

    inputs, targets = ({n: tf.constant(a) for n, a in side.items()} for side in examples)

    def take(index: Any, batch_seed: Any) -> Any:
        return tuple(
            {name: tf.gather(array, index) for name, array in side.items()}
            for side in (inputs, targets)
        )

    return gathered(len(next(iter(inputs.values()))), batch_size, seed, take)
