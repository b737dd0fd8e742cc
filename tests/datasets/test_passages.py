from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.datasets import passages

OPTIONS: dict[str, Any] = {
    "length": 30,
    "step": 15,
    "least_plays": 3,
    "most_words": 100,
    "seed": 1,
}


def test_passages(raw_editions: Path) -> None:
    prepared: Any = passages.prepare(raw_editions, **OPTIONS)
    again: Any = passages.prepare(raw_editions, **OPTIONS)
    assert prepared["words"] == again["words"]
    plays = [set(prepared[f"{split}_play"]) for split in ("train", "validation", "test")]
    assert sum(map(len, plays)) == len(set.union(*plays)) == 35
    for split in ("train", "validation", "test"):
        assert prepared[f"{split}_passage"].shape[1] == 30
        assert set(prepared[f"{split}_edition"]) == {0, 1}
        assert prepared[f"{split}_year"].min() >= 1591
        assert prepared[f"{split}_passage"].max() <= len(prepared["words"])


def test_words_of_few_plays_have_no_id(raw_editions: Path, tmp_path: Path) -> None:
    for file in raw_editions.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    own = tmp_path / "hamlet_gut.txt"
    own.write_text(f"ACT I\n{'Elsinore ' * 500}")
    words: Any = passages.prepare(tmp_path, **OPTIONS)["words"]
    assert "elsinore" not in words
    assert {"king", "queen"} <= set(words)


def test_passages_begin_every_step() -> None:
    ids = np.arange(10)
    assert passages.windows(ids, 4, 3).tolist() == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]
    assert passages.windows(ids, 11, 3).shape == (0, 11)


def test_a_length_beyond_the_texts(raw_editions: Path) -> None:
    with pytest.raises(BadInput, match="length: received 99,999, longer than all train texts"):
        passages.prepare(raw_editions, **{**OPTIONS, "length": 99_999})


def test_load(prepared_passages: Path) -> None:
    inputs, targets = passages.load(prepared_passages, "test")
    assert {len(target) for target in targets.values()} == {len(inputs["passage"])}
    facts = passages.facts(prepared_passages)
    assert 1591 < facts["year"] < 1614
    with pytest.raises(BadInput, match="run dvc repro prepare@passages"):
        passages.load(prepared_passages / "none", "test")
