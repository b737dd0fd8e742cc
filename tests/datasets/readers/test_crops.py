from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generative.core.errors import BadInput
from generative.datasets.readers import crops

COUNTS = {"train": 30, "validation": 20, "test": 10}
SHARE = st.floats(0.001, 0.998)


def write_places(file: Path, height: int, width: int, number: int = 0) -> None:
    """A picture whose pixels say where they are: row, column, number of the picture."""
    down, across = np.mgrid[:height, :width].astype(np.uint8)
    Image.fromarray(np.stack([down, across, np.full_like(down, number)], axis=-1)).save(file)


def cut(folder: Path, height: int = 16, width: int = 24, seed: int = 1) -> dict[str, np.ndarray]:
    return crops.random_crops(
        folder,
        sorted(folder.iterdir()),
        height=height,
        width=width,
        counts=COUNTS,
        validation_share=0.2,
        test_share=0.3,
        seed=seed,
    )


@given(st.integers(0, 5000), SHARE, SHARE)
def test_lengths_divide_everything(total: int, validation: float, test: float) -> None:
    if validation + test >= 1:
        return
    lengths = crops.lengths(total, validation, test)
    assert sum(lengths.values()) == total
    assert min(lengths.values()) >= 0
    assert abs(lengths["validation"] - total * validation) <= 0.5
    assert abs(lengths["test"] - total * test) <= 0.5


@given(st.integers(1, 90), st.integers(1, 90), st.floats(0.01, 0.49), st.floats(0.01, 0.49))
def test_every_pixel_is_in_one_band(
    height: int, width: int, validation: float, test: float
) -> None:
    count = np.zeros((height, width), int)
    for rows, columns in crops.bands(height, width, validation, test).values():
        count[rows, columns] += 1
    assert (count == 1).all()


@pytest.mark.parametrize(("size", "axis"), [((100, 160), 1), ((160, 100), 0), ((130, 130), 1)])
def test_no_pixel_of_a_test_crop_is_in_a_training_crop(
    tmp_path: Path, size: tuple[int, int], axis: int
) -> None:
    write_places(tmp_path / "a.png", *size)
    found = cut(tmp_path)
    longer = max(size)
    ends = np.array([0, longer * 0.5, longer * 0.7, longer])
    for number, (split, images) in enumerate(found.items()):
        assert images.shape == (COUNTS[split], 16, 24, 3)
        along = images[..., axis]
        assert ends[number] <= along.min() <= along.max() < ends[number + 1]
        # Each is one piece of the picture, and not always the same.
        np.testing.assert_array_equal(images[:, :, 1:, 1] - images[:, :, :-1, 1], 1)
        np.testing.assert_array_equal(images[:, 1:, :, 0] - images[:, :-1, :, 0], 1)
        assert len(np.unique(images.reshape(len(images), -1), axis=0)) > 1


def test_every_place_of_a_band_can_come_up() -> None:
    pixels = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
    taken = crops.crops_of(pixels, 4, 3, 200, np.random.default_rng(0))
    expected = {
        pixels[top : top + 4, left : left + 3].tobytes() for top in (0, 1) for left in (0, 1)
    }
    assert {crop.tobytes() for crop in taken} == expected


def test_pictures_give_equally_many(tmp_path: Path) -> None:
    for number in range(4):
        write_places(tmp_path / f"{number}.png", 120, 100 + number, number)
    for split, images in cut(tmp_path).items():
        sources = images[:, 0, 0, 2]
        assert set(np.bincount(sources)) <= {COUNTS[split] // 4, COUNTS[split] // 4 + 1}
        assert not (np.diff(sources.astype(int)) >= 0).all()  # not one picture after the other


def test_the_seed_decides(tmp_path: Path) -> None:
    write_places(tmp_path / "a.png", 120, 160)
    np.testing.assert_array_equal(cut(tmp_path)["test"], cut(tmp_path)["test"])
    assert not np.array_equal(cut(tmp_path)["test"], cut(tmp_path, seed=2)["test"])


def test_small_pictures_are_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_places(tmp_path / "a.png", 100, 160)
    write_places(tmp_path / "b.png", 15, 160)
    write_places(tmp_path / "c.png", 100, 110)
    cut(tmp_path)
    output = capsys.readouterr().out
    assert f"skipped {tmp_path}/b.png: 15 x 160 pixels, smaller than 16 x 24" in output
    assert (
        f"skipped {tmp_path}/c.png: of its 100 x 110 pixels validation gets 100 x 22, too narrow "
        "for crops of 16 x 24: it takes larger pictures, smaller crops or another validation_share"
    ) in output
    assert "read 1 picture, skipped 2" in output


def test_only_small_pictures(tmp_path: Path) -> None:
    write_places(tmp_path / "c.png", 110, 100)
    with pytest.raises(BadInput, match="validation gets 22 x 100, too narrow for crops of 32 x 24"):
        cut(tmp_path, height=32)
