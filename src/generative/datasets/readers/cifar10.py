"""CIFAR-10's frogs as a folder of pictures (Krizhevsky, 2009), for those who can reach its origin.

The binary archive holds records of one byte, the class, and 3,072 bytes: 32 x 32 pixels, all reds,
then all greens, then all blues.
"""

import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

from generative.core.errors import BadInput

FROG = 6
SIDE = 32
RECORD_BYTES = 1 + 3 * SIDE * SIDE


def extract_frogs(archive: Path, folder: Path) -> None:
    """Write every frog of `archive` into `folder`: data_batch_1_0042.png, test_batch_0007.png, ...

    Raises `BadInput` if a batch is no whole number of records, or if there is no frog.
    """
    count = 0
    with tarfile.open(archive) as opened:
        for member in opened:
            packed = opened.extractfile(member)
            if packed is None or not member.name.endswith(".bin"):
                continue
            batch = Path(member.name).stem
            for number, pixels in enumerate(read_frogs(packed.read(), f"{archive}: {member.name}")):
                Image.fromarray(pixels).save(folder / f"{batch}_{number:04}.png")
                count += 1
    if not count:
        raise BadInput(f"{archive}: holds no frog; delete it and fetch it again")


def read_frogs(content: bytes, name: str) -> np.ndarray:
    """The frogs among the records of one batch: uint8 [N, 32, 32, 3]."""
    if len(content) % RECORD_BYTES:
        raise BadInput(
            f"{name}: {len(content):,} bytes are no whole number of records of {RECORD_BYTES:,}"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD_BYTES)
    planes = records[records[:, 0] == FROG, 1:].reshape(-1, 3, SIDE, SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
