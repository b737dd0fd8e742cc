from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as arrays_of

from generative.core.errors import BadInput
from generative.datasets import coloured_digits, mnist
from tests.support.data import write_raw_mnist, write_raw_photographs

COUNTS = {"train_count": 300, "validation_count": 100, "test_count": 100}


def prepare(raw: Path, seed: int = 1) -> dict[str, np.ndarray]:
    return coloured_digits.prepare(raw, **COUNTS, seed=seed)


@given(
    arrays_of(np.uint8, (2, 28, 28, 1), elements=st.integers(0, 255)),
    arrays_of(np.uint8, (2, 32, 32, 3), elements=st.integers(0, 255)),
)
def test_blend_is_the_difference(digits: np.ndarray, patches: np.ndarray) -> None:
    blended = coloured_digits.blend(digits, patches)
    assert blended.dtype == np.uint8
    middle = blended[:, 2:30, 2:30].astype(int)
    np.testing.assert_array_equal(middle, abs(patches[:, 2:30, 2:30].astype(int) - digits))
    border = np.ones((32, 32), bool)
    border[2:30, 2:30] = False
    np.testing.assert_array_equal(blended[:, border], patches[:, border])


def test_prepare_keeps_the_labels_of_the_digits(raw_coloured_digits: Path) -> None:
    arrays = prepare(raw_coloured_digits)
    plain = mnist.prepare(raw_coloured_digits, **COUNTS)
    for split, count in zip(("train", "validation", "test"), COUNTS.values(), strict=True):
        assert arrays[f"{split}_images"].shape == (count, 32, 32, 3)
        assert arrays[f"{split}_images"].dtype == np.uint8
        np.testing.assert_array_equal(arrays[f"{split}_labels"], plain[f"{split}_labels"])


def test_patches_are_drawn_by_the_seed(raw_coloured_digits: Path) -> None:
    first, again, other = (prepare(raw_coloured_digits, seed)["test_images"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_only_photographs_are_read_as_photographs(
    raw_coloured_digits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(raw_coloured_digits)
    assert capsys.readouterr().out == "read 4 pictures, skipped 0\n"


def test_no_photograph(tmp_path: Path) -> None:
    write_raw_mnist(tmp_path)
    with pytest.raises(BadInput, match="no picture in .* can be used"):
        prepare(tmp_path)


def test_no_digits(tmp_path: Path) -> None:
    write_raw_photographs(tmp_path)
    with pytest.raises(BadInput, match="is missing, packed .* Run dvc repro fetch@coloured_digits"):
        prepare(tmp_path)


def test_more_than_there_is(raw_coloured_digits: Path) -> None:
    with pytest.raises(BadInput, match="prepare.coloured_digits: train_count 301"):
        coloured_digits.prepare(raw_coloured_digits, **{**COUNTS, "train_count": 301}, seed=1)


def test_load_and_batches(prepared_coloured_digits: Path) -> None:
    images, labels = coloured_digits.load(prepared_coloured_digits, "train")
    assert (images.dtype, images.shape) == (np.float32, (300, 32, 32, 3))
    assert (labels.dtype, labels.shape) == (np.uint8, (300,))
    assert 0 <= images.min() < images.max() <= 1
    known = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    batches = coloured_digits.batches(prepared_coloured_digits, 64, 1)
    assert batches.steps == 300 // 64
    for batch, names in batches.epoch(0):
        assert [known[image.numpy().tobytes()] for image in batch] == names.numpy().tolist()
