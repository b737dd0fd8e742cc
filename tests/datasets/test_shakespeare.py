import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.datasets import shakespeare
from generative.text.base import model as text
from tests.support.data import prepare as prepare_folder

CHUNKS: dict[str, Any] = {"windows": "chunks", "length": 16, "carried": 3, "step": 3}
WINDOWS: dict[str, Any] = {"windows": "last_character", "length": 16, "carried": 3, "step": 3}


def prepare(raw: Path, content: str, **options: Any) -> dict[str, Any]:
    raw.write_text(content, encoding="utf-8")
    defaults: dict[str, Any] = {"case": "kept", "validation_share": 0.25, "test_share": 0.25}
    return shakespeare.prepare(raw, **(defaults | options))


def test_the_stream_is_cut_in_order(tmp_path: Path) -> None:
    prepared = prepare(tmp_path / "a.txt", "Abcdefgh")
    assert prepared["vocabulary"] == list("Abcdefgh")
    assert [prepared[f"{s}_ids"].tolist() for s in ("train", "validation", "test")] == [
        [1, 2, 3, 4],
        [5, 6],
        [7, 8],
    ]


def test_a_character_takes_at_most_two_bytes(tmp_path: Path) -> None:
    few, many = ("".join(map(chr, range(100, 100 + n))) for n in (255, 256))
    assert prepare(tmp_path / "a.txt", few)["train_ids"].dtype == np.uint8
    prepared = prepare(tmp_path / "b.txt", many)
    assert prepared["train_ids"].dtype == np.uint16
    assert prepared["test_ids"][-1] == 256


def test_compression_is_of_the_test_text_after_the_training_text() -> None:
    generator = np.random.default_rng(0)
    known, new = ("".join(generator.choice(list("abcdef"), 20_000)) for _ in range(2))
    assert shakespeare.added_bytes(known, known) < 250
    # Six equally probable characters: log2(6) = 2.58 at best.
    assert math.log2(6) < 8 * shakespeare.added_bytes(known, new) / len(new) < 3.2


def test_the_compression_is_kept(prepared_shakespeare: Path) -> None:
    train, test = (
        "".join(map(chr, shakespeare.stream(prepared_shakespeare, split)))
        for split in ("train", "test")
    )
    # Other characters, of as many bytes: about as much.
    kept = shakespeare.compressed_bits_per_character(prepared_shakespeare)
    added = shakespeare.added_bytes(train, test)
    assert kept == pytest.approx(8 * added / len(test), rel=0.05)


def test_lower_case(tmp_path: Path) -> None:
    assert prepare(tmp_path / "a.txt", "AaBbCcDd", case="lower")["vocabulary"] == list("abcd")


def test_too_short_a_text(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="of 5 characters the shares make 3 for train, 1 for val"):
        prepare(tmp_path / "a.txt", "abcde")


def test_bad_text_names_the_parameter(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="prepare.shakespeare.raw: .*a.txt is empty"):
        prepare(tmp_path / "a.txt", "")


def test_symbols_of_data_and_model_agree() -> None:
    assert shakespeare.START == text.START


def test_chunks_go_on_until_a_passage_ends(prepared_shakespeare: Path) -> None:
    ids = shakespeare.stream(prepared_shakespeare, "train")
    batches = shakespeare.batches(prepared_shakespeare, 4, 1, **CHUNKS)
    read = [(x.numpy(), y.numpy()) for x, y in batches.epoch(0)]
    assert len(read) == batches.steps == len(ids) // 48 // 4 * 3
    passages = set()
    for start in range(0, len(read), 3):
        inputs, targets = (
            np.concatenate(side, 1) for side in zip(*read[start : start + 3], strict=True)
        )
        assert (inputs[:, 0] == shakespeare.START).all()
        assert np.array_equal(inputs[:, 1:], targets[:, :-1])
        passages |= {row.tobytes() for row in targets}
    # Each once: nothing is left out but what is no whole batch.
    known = [ids[i : i + 48].tobytes() for i in range(0, len(ids) // 48 * 48, 48)]
    assert passages <= set(known)
    assert len(passages) > 0.9 * len(known) // 4 * 4
    again = next(iter(shakespeare.batches(prepared_shakespeare, 4, 1, **CHUNKS).epoch(0)))
    assert np.array_equal(again[0], read[0][0])


def test_windows_predict_the_character_behind_them(prepared_shakespeare: Path) -> None:
    whole = shakespeare.stream(prepared_shakespeare, "train").tobytes()
    batches = shakespeare.batches(prepared_shakespeare, 8, 1, **WINDOWS)
    inputs, targets = next(iter(batches.epoch(0)))
    assert inputs.shape == targets.shape == (8, 16)
    for row, wanted in zip(inputs.numpy(), targets.numpy(), strict=True):
        assert not wanted[:-1].any()
        assert bytes([*row, wanted[-1]]) in whole


def test_the_window_is_a_fact_of_windows_only(prepared_shakespeare: Path) -> None:
    assert set(shakespeare.facts(prepared_shakespeare, **CHUNKS)) == {"vocabulary"}
    assert shakespeare.facts(prepared_shakespeare, **WINDOWS)["window"] == 16


def test_held_out_rows_are_the_stream(prepared_shakespeare: Path) -> None:
    ids = shakespeare.stream(prepared_shakespeare, "test")
    for options in (CHUNKS, WINDOWS):
        inputs, targets = shakespeare.load(prepared_shakespeare, "test", **options)
        assert np.array_equal(targets.ravel(), ids)
        assert not inputs[:, 0].any()
        assert np.array_equal(inputs[:, 1:], targets[:, :-1])


def test_no_text_stands_in_two_splits(tmp_path: Path) -> None:
    """Every character is different, so a window across a cut would show."""
    raw = tmp_path / "a.txt"
    raw.write_text("".join(map(chr, range(0x4E00, 0x4E00 + 400))))
    folder = prepare_folder("shakespeare", raw, tmp_path / "prepared")
    trained = set()
    for options in (CHUNKS, WINDOWS):
        for inputs, targets in shakespeare.batches(folder, 2, 1, **options).epoch(0):
            trained |= set(np.concatenate([inputs, targets], axis=None).tolist())
    for split in ("validation", "test"):
        assert not trained & set(shakespeare.stream(folder, split).tolist())


@pytest.mark.parametrize("options", [CHUNKS, WINDOWS])
def test_a_text_too_short_for_a_batch(prepared_shakespeare: Path, options: Any) -> None:
    with pytest.raises(BadInput, match="too few for a batch of 5000"):
        shakespeare.batches(prepared_shakespeare, 5000, 1, **options)


def test_what_is_not_prepared(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="run dvc repro prepare@shakespeare"):
        shakespeare.facts(tmp_path, **CHUNKS)
    with pytest.raises(BadInput, match="run dvc repro prepare@shakespeare"):
        shakespeare.load(tmp_path, "test", **CHUNKS)
