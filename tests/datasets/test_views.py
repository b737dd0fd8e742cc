from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.datasets import views

OPTIONS: dict[str, Any] = {
    "side": 8,
    "band_rows": 12,
    "shift_pixels": 0,
    "train_count": 40,
    "validation_count": 10,
    "test_count": 20,
    "seed": 1,
}


def test_the_same_place_is_the_same_pixels(raw_views: Path) -> None:
    """The right picture is the left one, moved by what the disparity says."""
    prepared: Any = views.prepare(raw_views, **OPTIONS)
    images, labels = prepared["test_images"], prepared["test_labels"].astype(bool)
    assert labels.mean() == 0.5
    equal = (images[:, 0] == images[:, 1]).all(axis=(1, 2, 3))
    np.testing.assert_array_equal(equal, labels)


def test_no_pixel_is_in_two_splits(raw_views: Path) -> None:
    prepared: Any = views.prepare(raw_views, **OPTIONS)
    bands = [set(prepared[f"{split}_band"]) for split in ("train", "validation", "test")]
    assert all(bands)
    assert not bands[0] & bands[1] | bands[0] & bands[2] | bands[1] & bands[2]
    # Noise: rows of three colours that two splits share would be equal.
    rows = [
        {tuple(row) for row in prepared[f"{split}_images"][..., 0].reshape(-1, 8)}
        for split in ("train", "test")
    ]
    assert not rows[0] & rows[1]


def test_two_places_are_a_side_apart(raw_views: Path) -> None:
    prepared: Any = views.prepare(raw_views, **{**OPTIONS, "shift_pixels": 3})
    again: Any = views.prepare(raw_views, **{**OPTIONS, "shift_pixels": 3})
    np.testing.assert_array_equal(prepared["train_images"], again["train_images"])
    for crops, same in zip(prepared["train_images"], prepared["train_labels"], strict=True):
        left, right = ({tuple(pixel) for pixel in crop.reshape(-1, 3)} for crop in crops)
        assert bool(left & right) == same  # noise: hardly two pixels are equal


def test_batches_name_both_pictures(prepared_views: Path) -> None:
    inputs, targets = next(iter(views.batches(prepared_views, 10, 1).epoch(0)))
    assert inputs["left"].shape == inputs["right"].shape == (10, 8, 8, 3)
    assert set(np.unique(targets["same"])) <= {0.0, 1.0}
    similarity = views.similarity(views.load(prepared_views, "test")[0])
    assert similarity.max() <= 0


def test_bands_too_low(raw_views: Path) -> None:
    with pytest.raises(
        BadInput, match="band_rows: received 9; must be at least .* 11, and at most 14"
    ):
        views.prepare(raw_views, **{**OPTIONS, "band_rows": 9, "shift_pixels": 3})


def test_a_folder_without_the_pictures(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="needs motorcycle_left.png, motorcycle_right.png and"):
        views.prepare(tmp_path, **OPTIONS)
