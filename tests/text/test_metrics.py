import math
import random
import unicodedata
from typing import Any

import numpy as np
import pytest

from generative.text import metrics


class Fixed:
    """A model that gives every place the same logits."""

    validation_batch = 2

    def __init__(self, *shares: float) -> None:
        self.logits = np.log(shares)

    def predict_on_batch(self, ids: np.ndarray) -> np.ndarray:
        return np.broadcast_to(self.logits, (*ids.shape, len(self.logits))).astype(np.float32)


def random_text(seed: int, length: int) -> str:
    return "".join(random.Random(seed).choices("ab c'é", k=length))


def test_prediction_of_known_shares() -> None:
    targets = np.array([[1, 1, 2], [3, 1, 1], [2, 2, 1]], np.uint8)
    found = metrics.prediction_metrics(Fixed(0.5, 0.25, 0.25), targets, targets)
    # Five times 1 bit, four times 2.
    assert found["bits_per_character"] == pytest.approx(13 / 9)
    assert found["next_character_accuracy"] == pytest.approx(5 / 9)
    # Rows have 2, 2 and 1 right of 3.
    error = np.std([2 / 3, 2 / 3, 1 / 3], ddof=1) / math.sqrt(3)
    assert found["next_character_accuracy_standard_error"] == pytest.approx(error)
    uniform: Any = Fixed(*[1 / 7] * 7)
    assert metrics.prediction_metrics(uniform, targets, targets)[
        "bits_per_character"
    ] == pytest.approx(math.log2(7))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don\u2019t stop\u2014it's o'clock", ["don't", "stop", "it's", "o'clock"]),
        ("cafe\u0301 caf\u00e9", ["caf\u00e9", "caf\u00e9"]),
        ("हिन्दी में लिखना", ["हिन्दी", "में", "लिखना"]),
        ("שָׁלוֹם עוֹלָם", ["שָׁלוֹם", "עוֹלָם"]),
        ("اَلسَّلَامُ عَلَيْكُمْ", ["اَلسَّلَامُ", "عَلَيْكُمْ"]),
        ("می\u200cروم", ["می\u200cروم"]),
        ("我爱你 ABC 123", ["我", "爱", "你", "abc"]),
        ("すごいカタ", ["す", "ご", "い", "カ", "タ"]),
        ("เขียน", ["เ", "ขี", "ย", "น"]),
        ("한국어 텍스트", ["한국어", "텍스트"]),
        ("😀 hi 👩\u200d👧", ["hi"]),
    ],
)
def test_words_of_any_script(text: str, expected: list[str]) -> None:
    composed = [unicodedata.normalize("NFC", word) for word in expected]
    assert metrics.words(text) == composed


def test_words() -> None:
    assert metrics.words("O'er the HILL-top; 2 dogs' café_") == [
        "o'er",
        "the",
        "hill",
        "top",
        "dogs",
        "café",
    ]


def test_distinct_counts_over_all_texts_and_repetition_within_each() -> None:
    once, again = "a b c d", "a b c d a b c d"
    assert metrics.distinct([once, once]) == 1 / 2
    assert metrics.repetition([once, once]) == 0
    # Of 5 runs of four words the last is the first again.
    assert metrics.distinct([again]) == 4 / 5
    assert metrics.repetition([again, once]) == pytest.approx((1 / 5 + 0) / 2)
    assert metrics.distinct(["a b"]) == metrics.repetition(["a b"]) == 0


def test_word_validity() -> None:
    assert metrics.word_validity(["To be", "or nott"], {"to", "be", "or", "not"}) == 3 / 4
    assert metrics.word_validity(["... 12"], {"to"}) == 0


def test_copies_equal_those_of_a_plain_search() -> None:
    known = metrics.collapse_whitespace(random_text(0, 2000))
    corpus = metrics.Corpus(known)
    for seed in range(1, 20):
        texts = [metrics.collapse_whitespace(random_text(n, 40)) for n in (seed, -seed)]
        parts = {t[i:j] for t in texts for i in range(len(t)) for j in range(i, len(t) + 1)}
        longest = max(len(part) for part in parts if part in known)
        found = corpus.longest_copy(texts)
        assert len(found.text) == longest
        assert known[found.start :].startswith(found.text)
        assert any(found.text in t for t in texts)
        grams = [t[i : i + 5] for t in texts for i in range(len(t) - 4)]
        expected = sum(gram in known for gram in grams) / len(grams)
        assert corpus.copied_share(texts, 5) == pytest.approx(expected)


def test_copies_at_the_ends() -> None:
    corpus = metrics.Corpus("abcdefgh")
    assert corpus.longest_copy(["xyz"]) == metrics.CopiedPassage("", 0)
    assert corpus.longest_copy(["abcdefgh"]) == metrics.CopiedPassage("abcdefgh", 0)
    assert corpus.longest_copy(["zfghz"]) == metrics.CopiedPassage("fgh", 5)
    assert corpus.longest_copy(["zabcdefghijk"]) == metrics.CopiedPassage("abcdefgh", 0)
    assert corpus.copied_share(["short"]) == 0


def test_white_space_counts_as_one_blank() -> None:
    corpus = metrics.Corpus("one  two\n\n\n three")
    assert corpus.longest_copy(["\n\n\n"]) == metrics.CopiedPassage(" ", 3)
    assert corpus.longest_copy(["x two three"]) == metrics.CopiedPassage(" two three", 3)
    assert corpus.copied_share(["two\nthree"], 9) == 1


def test_measure_names_everything() -> None:
    known = metrics.collapse_whitespace(random_text(0, 600))
    found, longest = metrics.Corpus(known).measure([known[100:140]])
    assert found["copied_30gram_share"] == 1
    assert found["longest_copied_substring"] == len(longest.text) == 40
    assert longest == metrics.CopiedPassage(known[100:140], 100)
    assert set(found) == {
        "distinct_4",
        "word_validity",
        "repetition",
        "longest_copied_substring",
        "copied_30gram_share",
    }


def test_suspected_leaks() -> None:
    assert metrics.suspected_leaks(2.2, 2.4, 0.003) == []
    (leak,) = metrics.suspected_leaks(1.2, 2.4, 0.003)
    assert "1.20 bits a character, where LZMA needs 2.40" in leak
    (overlap,) = metrics.suspected_leaks(2.2, 2.4, 0.5)
    assert "50% of the held-out passages of 30 characters" in overlap
