import math
import random
from typing import Any

import numpy as np
import pytest

from generative.text import metrics as text


class Fixed:
    """A model that gives every place the same logits."""

    validation_batch = 2

    def __init__(self, *shares: float) -> None:
        self.logits = np.log(shares)

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self.logits, (*ids.shape, len(self.logits))).astype(np.float32)


def some_text(seed: int, length: int) -> str:
    return "".join(random.Random(seed).choices("ab c'é", k=length))


def test_prediction_of_known_shares() -> None:
    targets = np.array([[1, 1, 2], [3, 1, 1], [2, 2, 1]], np.uint8)
    found = text.prediction(Fixed(0.5, 0.25, 0.25), targets, targets)
    # Five times 1 bit, four times 2.
    assert found["bits_per_character"] == pytest.approx(13 / 9)
    assert found["next_character_accuracy"] == pytest.approx(5 / 9)
    uniform: Any = Fixed(*[1 / 7] * 7)
    assert text.prediction(uniform, targets, targets)["bits_per_character"] == pytest.approx(
        math.log2(7)
    )


def test_words() -> None:
    assert text.words("O'er the HILL-top; 2 dogs' café_") == [
        "o'er",
        "the",
        "hill",
        "top",
        "dogs",
        "café",
    ]


def test_distinct_and_repetition_differ_in_where_they_look() -> None:
    once, again = "a b c d", "a b c d a b c d"
    assert text.distinct([once, once]) == 1 / 2
    assert text.repetition([once, once]) == 0
    # Of 5 runs of four words the last is the first again.
    assert text.distinct([again]) == 4 / 5
    assert text.repetition([again, once]) == pytest.approx((1 / 5 + 0) / 2)
    assert text.distinct(["a b"]) == text.repetition(["a b"]) == 0


def test_word_validity() -> None:
    assert text.word_validity(["To be", "or nott"], {"to", "be", "or", "not"}) == 3 / 4
    assert text.word_validity(["... 12"], {"to"}) == 0


def test_copies_are_those_that_a_plain_search_finds() -> None:
    known = text.squeezed(some_text(0, 2000))
    corpus = text.Corpus(known)
    for seed in range(1, 20):
        texts = [text.squeezed(some_text(n, 40)) for n in (seed, -seed)]
        parts = {t[i:j] for t in texts for i in range(len(t)) for j in range(i, len(t) + 1)}
        longest = max(len(part) for part in parts if part in known)
        found = corpus.longest_copy(texts)
        assert len(found.text) == longest
        assert known[found.place :].startswith(found.text)
        assert any(found.text in t for t in texts)
        grams = [t[i : i + 5] for t in texts for i in range(len(t) - 4)]
        wanted = sum(gram in known for gram in grams) / len(grams)
        assert corpus.copied_share(texts, 5) == pytest.approx(wanted)


def test_ends_of_copying() -> None:
    corpus = text.Corpus("abcdefgh")
    assert corpus.longest_copy(["xyz"]) == text.Passage("", 0)
    assert corpus.longest_copy(["abcdefgh"]) == text.Passage("abcdefgh", 0)
    assert corpus.longest_copy(["zfghz"]) == text.Passage("fgh", 5)
    assert corpus.longest_copy(["zabcdefghijk"]) == text.Passage("abcdefgh", 0)
    assert corpus.copied_share(["short"]) == 0


def test_white_space_is_no_copying() -> None:
    corpus = text.Corpus("one  two\n\n\n three")
    assert corpus.longest_copy(["\n\n\n"]) == text.Passage(" ", 3)
    assert corpus.longest_copy(["x two three"]) == text.Passage(" two three", 3)
    assert corpus.copied_share(["two\nthree"], 9) == 1


def test_measure_names_everything() -> None:
    known = text.squeezed(some_text(0, 600))
    found, longest = text.Corpus(known).measure([known[100:140]])
    assert found["copied_30gram_share"] == 1
    assert found["longest_copied_substring"] == len(longest.text) == 40
    assert longest == text.Passage(known[100:140], 100)
    assert set(found) == {
        "distinct_4",
        "word_validity",
        "repetition",
        "longest_copied_substring",
        "copied_30gram_share",
    }


def test_compression_knows_what_came_before() -> None:
    known, new = some_text(0, 20_000), some_text(1, 20_000)
    assert text.compressed_bits(known, known) < 0.1
    # Six equally probable characters: log2(6) = 2.58 at best.
    assert math.log2(6) < text.compressed_bits(known, new) < 3.2


def test_alarms() -> None:
    assert text.leaks(2.2, 2.4, 0.003) == []
    (seen,) = text.leaks(1.2, 2.4, 0.003)
    assert "1.20 bits a character, where LZMA needs 2.40" in seen
    (overlap,) = text.leaks(2.2, 2.4, 0.5)
    assert "50% of the held-out passages of 30 characters" in overlap
