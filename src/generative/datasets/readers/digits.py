"""MNIST's four files, in the idx format."""

import struct
from pathlib import Path

import numpy as np

from generative.core.errors import BadInput

SIDE = 28


def split(
    raw: Path, key: str, train_count: int, validation_count: int, test_count: int
) -> dict[str, np.ndarray]:
    """Split the four raw files: `{split}_images` uint8 [N, 28, 28, 1], `{split}_labels` uint8 [N].

    The test digits are the original test file; the validation digits are cut off the end of the
    training file. `key` is the data set that they are for. Raises `BadInput` for a damaged file, or
    if more digits are asked for than there are.
    """
    images, labels = _read_pair(raw, key, "train")
    test_images, test_labels = _read_pair(raw, key, "t10k")
    if train_count + validation_count > len(images):
        raise BadInput(
            f"prepare.{key}: train_count {train_count} + validation_count {validation_count} is "
            f"more than the {len(images)} training digits; lower one of them"
        )
    if test_count > len(test_images):
        raise BadInput(
            f"prepare.{key}.test_count: received {test_count}, at most {len(test_images)}"
        )
    return {
        "train_images": images[:train_count],
        "train_labels": labels[:train_count],
        "validation_images": images[-validation_count:],
        "validation_labels": labels[-validation_count:],
        "test_images": test_images[:test_count],
        "test_labels": test_labels[:test_count],
    }


def _read_pair(raw: Path, key: str, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(raw / f"{prefix}-images-idx3-ubyte", 3, key)
    labels = read_idx(raw / f"{prefix}-labels-idx1-ubyte", 1, key)
    if images.shape[1:] != (SIDE, SIDE):
        size = " x ".join(map(str, images.shape[1:]))
        raise BadInput(f"{raw}/{prefix}-images-idx3-ubyte: {size} pixels, expected 28 x 28")
    if len(images) != len(labels):
        raise BadInput(f"{raw}: {len(images)} images but {len(labels)} labels for {prefix}")
    if labels.max(initial=0) > 9:
        raise BadInput(f"{raw}/{prefix}-labels-idx1-ubyte: label {labels.max()}, expected 0 to 9")
    return images[..., np.newaxis], labels


def read_idx(file: Path, dimensions: int, key: str) -> np.ndarray:
    """Read an idx file of unsigned bytes with that many dimensions.

    Raises `BadInput` if the magic number, the shape or the length is not what the format says.
    """
    again = "delete it and run dvc repro"
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{file} is missing; run dvc repro fetch@{key}") from None
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
