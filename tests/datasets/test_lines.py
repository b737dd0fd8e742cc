from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.datasets import lines

OPTIONS: dict[str, Any] = {
    "length": 24,
    "train_count": 60,
    "validation_count": 10,
    "test_count": 20,
    "seed": 1,
}


def test_pairs(raw_editions: Path, prepared_lines: Path) -> None:
    prepared: Any = lines.prepare(raw_editions, **OPTIONS)
    again: Any = lines.prepare(raw_editions, **OPTIONS)
    for name in ("test_line", "train_other", "test_same"):
        np.testing.assert_array_equal(prepared[name], again[name])
    assert 0.3 < prepared["train_same"].mean() < 0.7
    plays = [set(prepared[f"{split}_play"]) for split in ("train", "validation", "test")]
    assert not plays[0] & plays[1] | plays[0] & plays[2] | plays[1] & plays[2]
    inputs, targets = lines.load(prepared_lines, "test")
    similarity = lines.similarity(inputs)
    same = targets["same"] == 1
    assert similarity[same].min() > 0.7
    assert similarity[same].mean() > similarity[~same].mean()


def test_more_than_there_are(raw_editions: Path) -> None:
    with pytest.raises(BadInput, match="prepare.lines.test_count: received 9,999, the plays have"):
        lines.prepare(raw_editions, **{**OPTIONS, "test_count": 9999})


def test_a_play_that_is_missing(raw_editions: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="alls_well_that_ends_well_gut.txt is missing"):
        lines.prepare(tmp_path, **OPTIONS)
