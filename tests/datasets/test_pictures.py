from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generative.core.errors import BadInput
from generative.datasets import pictures

OPTIONS: dict[str, Any] = {
    "height": 16,
    "width": 24,
    "fit": "crop",
    "train_crops": 30,
    "validation_crops": 20,
    "test_crops": 10,
    "validation_share": 0.2,
    "test_share": 0.2,
    "seed": 1,
}
SPLITS = ("train", "validation", "test")


def prepare(raw: Path, **options: Any) -> dict[str, np.ndarray]:
    return pictures.prepare(raw, **{**OPTIONS, **options})


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """Ten plain pictures of 32 x 40, each of its own grey."""
    for number in range(10):
        Image.new("L", (40, 32), 20 * number).save(tmp_path / f"{number}.png")
    return tmp_path


def test_crop(raw_pictures: Path) -> None:
    arrays = prepare(raw_pictures)
    for split, count in zip(SPLITS, (30, 20, 10), strict=True):
        assert arrays[f"{split}_images"].shape == (count, 16, 24, 3)
        assert arrays[f"{split}_images"].dtype == np.uint8
        assert arrays[f"{split}_labels"].tolist() == [0] * count
        assert arrays[f"{split}_labels"].dtype == np.uint8


def test_resize_takes_every_picture_once(numbered: Path) -> None:
    arrays = prepare(numbered, fit="resize")
    assert [len(arrays[f"{split}_images"]) for split in SPLITS] == [6, 2, 2]
    images = np.concatenate([arrays[f"{split}_images"] for split in SPLITS])
    assert images.shape == (10, 16, 24, 3)
    assert sorted(images[:, 0, 0, 0].tolist()) == [20 * number for number in range(10)]
    again = prepare(numbered, fit="resize")
    other = prepare(numbered, fit="resize", seed=2)
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)
    assert not np.array_equal(arrays["train_images"], other["train_images"])


def test_resize_covers_and_cuts_at_the_middle(tmp_path: Path) -> None:
    """Of a wide picture with a mark in its middle the sides go."""
    wide = np.zeros((32, 120, 3), np.uint8)
    wide[:, 36:84] = 200
    for number in range(4):
        Image.fromarray(wide).save(tmp_path / f"{number}.png")
    shares = {"validation_share": 0.25, "test_share": 0.5}
    images = prepare(tmp_path, fit="resize", **shares)["train_images"]
    assert images.shape == (1, 16, 24, 3)
    assert images.min() > 180  # the filter darkens the outermost column


def test_full_size_crops_fit_the_default_picture(tmp_path: Path) -> None:
    """The Hubble deep field is 872 x 1000."""
    Image.new("RGB", (1000, 872)).save(tmp_path / "hubble.png")
    arrays = prepare(tmp_path, height=128, width=160)
    assert arrays["test_images"].shape == (10, 128, 160, 3)


@pytest.mark.parametrize("fit", ["crop", "resize"])
def test_a_folder_of_everything(
    numbered: Path, fit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(3):
        Image.new("CMYK", (200, 100)).save(numbered / f"cmyk{number}.jpg")
    (numbered / "notes.txt").write_text("just text")
    Image.new("RGB", (9, 9)).save(numbered / "small.png")
    arrays = prepare(numbered, fit=fit)
    assert all(arrays[f"{split}_images"].shape[1:] == (16, 24, 3) for split in SPLITS)
    output = capsys.readouterr().out
    assert f"skipped {numbered}/notes.txt: not a picture of a known format" in output
    assert f"skipped {numbered}/small.png: 9 x 9 pixels, smaller than 16 x 24" in output
    # A fifth of a side of 40 is no place for a crop of 24.
    kept, skipped = (3, 12) if fit == "crop" else (13, 2)
    assert output.endswith(f"read {kept} pictures, skipped {skipped}\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "prepare.pictures: no picture in .*\n.*0.png: of its 32 x 40 pixels validation gets"),
        ({"height": 33}, "0.png: 32 x 40 pixels, smaller than 33 x 24"),
        ({"fit": "resize", "width": 41}, "0.png: 32 x 40 pixels, smaller than 16 x 41"),
        (
            {"fit": "resize", "test_share": 0.1},
            "prepare.pictures: too few pictures, of 10 the shares make 7 for train, 2 for "
            "validation, 1 for test; at least 1, 1 and 2 are needed: add pictures, change",
        ),
        (
            {"validation_share": 0.5, "test_share": 0.5},
            "validation_share 0.5 . test_share 0.5 leave nothing to train on; lower one",
        ),
    ],
)
def test_too_little(numbered: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        prepare(numbered, **options)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the folder .*photos is missing"):
        prepare(tmp_path / "photos")


def test_load_never_flips(prepared_pictures: Path) -> None:
    plain, labels = pictures.load(prepared_pictures, "test", flips="none")
    flipped, _ = pictures.load(prepared_pictures, "test", flips="both")
    assert (plain.dtype, plain.shape) == (np.float32, (60, 16, 24, 3))
    assert (labels.dtype, set(labels)) == (np.uint8, {0})
    assert 0 <= plain.min() < plain.max() <= 1
    np.testing.assert_array_equal(plain, flipped)


@pytest.mark.parametrize(
    ("flips", "ways"),
    [("none", {""}), ("horizontal", {"", "h"}), ("both", {"", "h", "v", "hv"})],
)
def test_batches_are_flipped(
    prepared_pictures: Path, flips: pictures.Flips, ways: set[str]
) -> None:
    images, _ = pictures.load(prepared_pictures, "train", flips=flips)
    known = {}
    for number, image in enumerate(images):
        for way in ("", "h", "v", "hv"):
            mirrored = image[:: -1 if "v" in way else 1, :: -1 if "h" in way else 1]
            known[mirrored.tobytes()] = (number, way)

    def epochs(seed: int) -> list[list[tuple[int, str]]]:
        batches = pictures.batches(prepared_pictures, 50, seed, flips=flips)
        assert batches.epoch(0).element_spec[0].shape == (50, 16, 24, 3)
        return [
            [known[i.numpy().tobytes()] for batch, _ in batches.epoch(e) for i in batch]
            for e in range(2)
        ]

    first, second = epochs(seed=1)
    assert len(first) == 200
    counts = [sum(way == name for _, name in first) for way in ways]
    assert sum(counts) == 200
    assert min(counts) > 0.6 * 200 / len(ways)
    assert first != second
    if flips != "none":  # a picture is not flipped the same way each time
        assert dict(first) != dict(second)
    assert epochs(seed=1) == [first, second]
