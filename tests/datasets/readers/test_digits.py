import struct
from pathlib import Path

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.datasets.readers import digits
from tests.support.data import write_idx, write_raw_mnist

COUNTS = {"train_count": 300, "validation_count": 100, "test_count": 100}
LABELS = "train-labels-idx1-ubyte"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    write_raw_mnist(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"train_count": 301}, "train_count 301 . validation_count 100 is more than the 400"),
        ({"test_count": 101}, "prepare.mnist.test_count: received 101, at most 100"),
    ],
)
def test_more_than_there_is(raw: Path, counts: dict[str, int], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        digits.split(raw, "mnist", **{**COUNTS, **counts})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "starts with nothing, expected 00000801"),
        (b"\x00\x00\x08\x03" + bytes(12), "starts with 00000803, expected 00000801"),
        (b"\x00\x00\x09\x01" + bytes(4), "starts with 00000901"),
        (struct.pack(">HBBI", 0, 8, 1, 400) + bytes(399), "407 bytes, but its header says 400"),
        (struct.pack(">HBBI", 0, 8, 1, 400) + bytes(401), "409 bytes, but its header says 400"),
        (struct.pack(">HBBI", 0, 8, 1, 399) + bytes(399), "400 images but 399 labels"),
        (struct.pack(">HBBI", 0, 8, 1, 400) + bytes([10] * 400), "label 10, expected 0 to 9"),
    ],
)
def test_damaged_file(raw: Path, content: bytes, message: str) -> None:
    (raw / LABELS).write_bytes(content)
    with pytest.raises(BadInput, match=message):
        digits.split(raw, "mnist", **COUNTS)


def test_wrong_picture_size(raw: Path) -> None:
    write_idx(raw / "train-images-idx3-ubyte", np.zeros((400, 28, 27), np.uint8))
    with pytest.raises(BadInput, match="28 x 27 pixels, expected 28 x 28"):
        digits.split(raw, "mnist", **COUNTS)


def test_missing_file(raw: Path) -> None:
    (raw / LABELS).unlink()
    with pytest.raises(BadInput, match=r"packed .* there is t10k-.*Run dvc repro fetch@mnist"):
        digits.split(raw, "mnist", **COUNTS)
