"""MNIST's four files, in the idx format, packed or not."""

import gzip
import io
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from generative.core import inputs
from generative.core.errors import BadInput

SIDE = 28
SHOWN = 8  # files that are named
GZIP = b"\x1f\x8b"
# A million digits have 784,000,016.
MOST_BYTES = 2**30


def split(
    raw: Path, key: str, train_count: int, validation_count: int, test_count: int
) -> dict[str, np.ndarray]:
    """Split the four raw files: `{split}_images` uint8 [N, 28, 28, 1], `{split}_labels` uint8 [N].

    The test digits are the original test file; the validation digits are cut off the end of the
    training file, or, if none are, the test digits. `key` is the data set that they are for. Raises
    `BadInput` for a damaged file, or if more digits are asked for than there are.
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
    pairs = {
        "train": (images[:train_count], labels[:train_count]),
        "validation": (images[-validation_count:], labels[-validation_count:]),
        "test": (test_images[:test_count], test_labels[:test_count]),
    }
    if not validation_count:
        print(f"prepare.{key}.validation_count: 0, so the validation digits are the test digits")
        pairs["validation"] = pairs["test"]
    return {
        f"{split}_{name}": values
        for split, pair in pairs.items()
        for name, values in zip(("images", "labels"), pair, strict=True)
    }


def _read_pair(raw: Path, key: str, prefix: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(find(raw, f"{prefix}-images-idx3-ubyte", key), 3)
    labels = read_idx(find(raw, f"{prefix}-labels-idx1-ubyte", key), 1)
    if images.shape[1:] != (SIDE, SIDE):
        size = " x ".join(map(str, images.shape[1:]))
        raise BadInput(f"{raw}/{prefix}-images-idx3-ubyte: {size} pixels, expected 28 x 28")
    if len(images) != len(labels):
        raise BadInput(f"{raw}: {len(images)} images but {len(labels)} labels for {prefix}")
    if labels.max(initial=0) > 9:
        raise BadInput(f"{raw}/{prefix}-labels-idx1-ubyte: label {labels.max()}, expected 0 to 9")
    return images[..., np.newaxis], labels


def find(raw: Path, name: str, key: str) -> Path:
    """The file `name` of the folder `raw`, which may be packed by gzip, and have a dot before
    `idx` as some archives write it."""
    forms = (name, name.replace("-idx", ".idx"))
    for candidate in (form + packed for form in forms for packed in ("", ".gz")):
        if (raw / candidate).exists():
            return raw / candidate
    found = sorted(path.name for path in raw.iterdir())[:SHOWN] if raw.is_dir() else []
    raise BadInput(
        f"{raw / name} is missing, packed (.gz) or not; there is {', '.join(found) or 'nothing'}. "
        f"Run dvc repro fetch@{key} for MNIST's own, or name your four files like them"
    )


def read_idx(file: Path, dimensions: int) -> np.ndarray:
    """Read an idx file of unsigned bytes with that many dimensions, packed by gzip or not.

    Raises `BadInput` if the magic number, the shape or the length is not what the format says.
    """
    content = unpacked(inputs.content(file, MOST_BYTES), file)
    expected = struct.pack(">HBB", 0, 8, dimensions)
    header = 4 + 4 * dimensions
    if content[:4] != expected or len(content) < header:
        raise BadInput(
            f"{file}: starts with {content[:4].hex() or 'nothing'}, expected {expected.hex()} "
            f"(idx, unsigned bytes, {dimensions} dimensions); put a whole file in its place"
        )
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    length = header + math.prod(shape)
    if len(content) != length:
        raise BadInput(
            f"{file}: {len(content):,} bytes, but its header says {' x '.join(map(str, shape))}, "
            f"which makes {length:,}; put a whole file in its place"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def unpacked(content: bytes, file: Path) -> bytes:
    """`content` of `file`, without gzip's packing if it has that."""
    if not content.startswith(GZIP):
        return content
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            found = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{file}: is packed by gzip and damaged ({error})") from None
    if len(found) > MOST_BYTES:
        raise BadInput(f"{file}: unpacks to more than {MOST_BYTES:,} bytes")
    return found
