import struct
from pathlib import Path

import numpy as np
import pytest

from generative.datasets import mnist
from generative.errors import BadInput
from generative.reading import digits
from tests.conftest import write_idx, write_raw_mnist

COUNTS = {"train_count": 300, "validation_count": 100, "test_count": 100}
LABELS = "train-labels-idx1-ubyte"


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    write_raw_mnist(tmp_path)
    return tmp_path


def test_prepare_splits_off_the_end_of_train(raw: Path) -> None:
    arrays = mnist.prepare(raw, **COUNTS)
    images = digits.read_idx(raw / "train-images-idx3-ubyte", 3, "mnist")
    assert arrays["train_images"].shape == (300, 28, 28, 1)
    assert arrays["train_images"].dtype == np.uint8
    np.testing.assert_array_equal(arrays["train_images"][..., 0], images[:300])
    np.testing.assert_array_equal(arrays["validation_images"][..., 0], images[300:])
    assert len(arrays["test_labels"]) == 100


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"train_count": 301}, "train_count 301 . validation_count 100 is more than the 400"),
        ({"test_count": 101}, "prepare.mnist.test_count: received 101, at most 100"),
    ],
)
def test_more_than_there_is(raw: Path, counts: dict[str, int], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        mnist.prepare(raw, **{**COUNTS, **counts})


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
        mnist.prepare(raw, **COUNTS)


def test_wrong_picture_size(raw: Path) -> None:
    write_idx(raw / "train-images-idx3-ubyte", np.zeros((400, 28, 27), np.uint8))
    with pytest.raises(BadInput, match="28 x 27 pixels, expected 28 x 28"):
        mnist.prepare(raw, **COUNTS)


def test_missing_file(raw: Path) -> None:
    (raw / LABELS).unlink()
    with pytest.raises(BadInput, match="is missing; run dvc repro fetch@mnist"):
        mnist.prepare(raw, **COUNTS)


def test_binarize() -> None:
    grey, noise = np.array([0.0, 0.2, 0.5, 1.0]), np.array([0.0, 0.1, 0.6, 0.999])
    assert mnist.binarize(grey, "threshold", None).tolist() == [False, False, True, True]
    assert mnist.binarize(grey, "stochastic", noise).tolist() == [False, True, False, True]
    assert mnist.binarize(grey, "none", None) is grey


def test_the_stochastic_test_set_is_drawn_once(prepared_mnist: Path) -> None:
    def draw(split: str, seed: int) -> np.ndarray:
        return mnist.load(prepared_mnist, split, binarization="stochastic", binarization_seed=seed)[
            0
        ]

    assert set(np.unique(draw("test", 1))) == {0, 1}
    assert np.array_equal(draw("test", 1), draw("test", 1))
    assert not np.array_equal(draw("test", 1), draw("test", 2))
    assert not np.array_equal(draw("test", 1), draw("validation", 1))
    grey, _ = mnist.load(prepared_mnist, "test", binarization="none", binarization_seed=1)
    mean = np.mean([draw("test", seed) for seed in range(40)], axis=0)
    assert abs(mean - grey).mean() < 0.06


@pytest.mark.parametrize("binarization", ["none", "threshold", "stochastic"])
def test_batches(prepared_mnist: Path, binarization: mnist.Binarization) -> None:
    options = {"binarization": binarization, "binarization_seed": 1}

    def epochs(seed: int) -> list[list[np.ndarray]]:
        batches = mnist.batches(prepared_mnist, 64, seed, **options)  # type: ignore[arg-type]
        return [[images.numpy() for images, _ in batches] for _ in range(2)]

    first, second = epochs(seed=1)
    assert len(first) == 300 // 64
    assert first[0].shape == (64, 28, 28, 1)
    assert first[0].dtype == np.float32
    assert not np.array_equal(first[0], second[0])  # shuffled anew
    again = epochs(seed=1)
    assert all(
        np.array_equal(a, b) for a, b in zip(first + second, again[0] + again[1], strict=True)
    )
    assert not np.array_equal(first[0], epochs(seed=2)[0][0])


def test_stochastic_training_digits_are_redrawn(prepared_mnist: Path) -> None:
    batches = mnist.batches(prepared_mnist, 300, 1, binarization="stochastic", binarization_seed=1)
    sums = [np.concatenate([i.numpy() for i, _ in batches]).sum() for _ in range(2)]
    assert sums[0] != sums[1]


def test_not_prepared(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="run dvc repro prepare@mnist"):
        mnist.load(tmp_path, "test", binarization="none", binarization_seed=1)


def test_unknown_split(prepared_mnist: Path) -> None:
    with pytest.raises(BadInput, match="unknown split 'tset'; did you mean test"):
        mnist.load(prepared_mnist, "tset", binarization="none", binarization_seed=1)
