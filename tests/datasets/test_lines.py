from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.datasets import lines
from generative.core.errors import BadInput
from generative.datasets.readers import works

OPTIONS: dict[str, Any] = {
    "length": 24,
    "train_count": 60,
    "validation_count": 10,
    "test_count": 20,
    "seed": 1,
}


def test_aligned_lines_of_two_spellings() -> None:
    modern = (
        "ACT I.\nHAMLET.\nThe king is dead, long live the queen!\nWhat say you to it, my love?\n"
    )
    modern += (
        "[Exit.]\nA line that only one of them has, and no other.\nGive him heed, and love him."
    )
    folio = "Actus Primus.\n  Ham. The King is dead, long liue the Queene:\n"
    folio += "What say you to it my loue\n"
    folio += "Exit Hamlet.\nGiue him heede and loue him"
    found = works.aligned(works.Work("a", 1601, "tragedy", {"modern": modern, "folio": folio}))
    assert found == [
        ("The king is dead, long live the queen!", "The King is dead, long liue the Queene:"),
        ("Give him heed, and love him.", "Giue him heede and loue him"),
    ]


def test_plays_are_divided_whole(raw_editions: Path) -> None:
    parts = works.divided(works.read(raw_editions), 1)
    keys = [work.key for some in parts.values() for work in some]
    assert len(keys) == len(set(keys)) == 35
    assert [len(some) for some in parts.values()] == [20, 5, 10]
    for some in parts.values():
        assert {work.genre for work in some} == {"comedy", "history", "tragedy"}


def test_pairs(raw_editions: Path, prepared_lines: Path) -> None:
    prepared: Any = lines.prepare(raw_editions, **OPTIONS)
    again: Any = lines.prepare(raw_editions, **OPTIONS)
    for name in ("test_line", "train_other", "test_same"):
        np.testing.assert_array_equal(prepared[name], again[name])
    assert 0.3 < prepared["train_same"].mean() < 0.7
    plays = [set(prepared[f"{split}_play"]) for split in ("train", "validation", "test")]
    assert not plays[0] & plays[1] | plays[0] & plays[2] | plays[1] & plays[2]
    inputs, targets = lines.load(prepared_lines, "test")
    likeness = lines.likeness(inputs)
    same = targets["same"] == 1
    assert likeness[same].min() > 0.7
    assert likeness[same].mean() > likeness[~same].mean()


def test_more_than_there_are(raw_editions: Path) -> None:
    with pytest.raises(BadInput, match="prepare.lines.test_count: received 9,999, the plays have"):
        lines.prepare(raw_editions, **{**OPTIONS, "test_count": 9999})


def test_a_play_that_is_missing(raw_editions: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="alls_well_that_ends_well_gut.txt is missing"):
        lines.prepare(tmp_path, **OPTIONS)
