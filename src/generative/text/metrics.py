"""Metrics of text models: how well they predict held-out text, and generated text compared with the
training text."""

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import regex

from generative.core.uncertainty import mean_with_error

Array = np.ndarray

# A character of a script without blanks; or letters, which in some scripts joiners stand between.
WITHOUT_BLANKS = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
LETTERS = rf"(?:[\p{{L}}--[{WITHOUT_BLANKS}]][\p{{M}}\u200c\u200d]*)+"
WORD = regex.compile(
    rf"[\p{{L}}&&[{WITHOUT_BLANKS}]]\p{{M}}*|{LETTERS}(?:'{LETTERS})*", regex.VERSION1
)
# Lengths of sequences: words where variety is measured, characters where copies are.
NGRAM_WORDS, COPY_CHARACTERS = 4, 30
# Entries of the table that passages are looked up in, a power of two.
TABLE_SIZE = 1 << 22
# Bits per character of a model over LZMA's: less than this share is no better model but a leak.
MIN_SHARE_OF_COMPRESSED = 0.75
# Share of the passages of held-out text that may stand in the training text.
MAX_COPIED_SHARE = 0.1


def prediction_metrics(model: Any, inputs: Array, targets: Array) -> dict[str, float]:
    """`bits_per_character`, the mean of -log2 p(character | all before it in its row), and
    `next_character_accuracy`, how often the most probable one follows; each with its standard error
    over rows, for the characters of one are no examples by themselves.

    inputs, targets: ids [rows, length] as a data set's `load` gives them; logits come from `model`.
    """
    nats, correct = np.zeros(len(inputs)), np.zeros(len(inputs))
    for start in range(0, len(inputs), model.validation_batch):
        rows = slice(start, start + model.validation_batch)
        logits = model.predict_on_batch(inputs[rows]).astype(np.float64)
        logits -= logits.max(axis=-1, keepdims=True)
        classes = targets[rows].astype(np.int64) - 1
        of_target = np.take_along_axis(logits, classes[..., np.newaxis], axis=-1)[..., 0]
        nats[rows] = (np.log(np.exp(logits).sum(axis=-1)) - of_target).mean(axis=-1)
        correct[rows] = (logits.argmax(axis=-1) == classes).mean(axis=-1)
    return {
        **mean_with_error("bits_per_character", nats / math.log(2)),
        **mean_with_error("next_character_accuracy", correct),
    }


def suspected_leaks(bits: float, compressed_bits: float, copied_share: float) -> list[str]:
    """What makes a held-out loss too good to be true; empty where nothing does.

    bits, compressed_bits: per character, by the model and by LZMA. copied_share: of the held-out
    passages, those that stand in the training text.
    """
    found = []
    if bits < MIN_SHARE_OF_COMPRESSED * compressed_bits:
        found.append(
            f"{bits:.2f} bits a character, where LZMA needs {compressed_bits:.2f}: the model sees "
            "what it is to predict"
        )
    if copied_share > MAX_COPIED_SHARE:
        found.append(
            f"{copied_share:.0%} of the held-out passages of {COPY_CHARACTERS} characters stand in "
            "the training text: the data overlap"
        )
    return found


def words(text: str) -> list[str]:
    """The words of `text`, in lower case: letters with their marks, and apostrophes between them;
    in scripts that write no blanks each character is one."""
    straight = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    found: list[str] = WORD.findall(unicodedata.normalize("NFC", straight))
    return found


def ngrams(sequence: list[str], length: int) -> list[tuple[str, ...]]:
    """All sequences of `length` neighbours."""
    return list(zip(*(sequence[i:] for i in range(length)), strict=False))


def distinct(texts: list[str], length: int = NGRAM_WORDS) -> float:
    """Share of different n-grams of words among all of them (distinct-n: Li et al., 2016,
    arXiv:1510.03055)."""
    found = [gram for text in texts for gram in ngrams(words(text), length)]
    return len(set(found)) / len(found) if found else 0.0


def repetition(texts: list[str], length: int = NGRAM_WORDS) -> float:
    """Share of n-grams of words that occur earlier in the same text, the mean over `texts`
    (seq-rep-n: Welleck et al., 2020, arXiv:1908.04319)."""
    found = [ngrams(words(text), length) for text in texts]
    return float(np.mean([1 - len(set(grams)) / len(grams) if grams else 0.0 for grams in found]))


def word_validity(texts: list[str], vocabulary: set[str]) -> float:
    """Share of the words of `texts` that are in `vocabulary`."""
    found = [word for text in texts for word in words(text)]
    return sum(word in vocabulary for word in found) / len(found) if found else 0.0


def collapse_whitespace(text: str) -> str:
    """`text` with one blank for each sequence of white space."""
    return re.sub(r"\s+", " ", text)


@dataclass(frozen=True)
class CopiedPassage:
    """A passage that stands in the training text but for its white space, and where it begins
    there, in characters."""

    text: str
    start: int


class Corpus:
    """The training text, and what of other texts is copied from it.

    White space counts as one blank: empty lines between scenes are no copy. Passages of one length
    are compared by their polynomial hashes modulo 2 ** 64 (Karp & Rabin, 1987), all at once.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = set(words(text))
        self.collapsed = collapse_whitespace(text)
        self.hashes = PassageHashes(self.collapsed)

    def measure(self, texts: list[str]) -> tuple[dict[str, float], CopiedPassage]:
        """Every metric of generated or held-out texts, and their longest copy."""
        longest = self.longest_copy(texts)
        return {
            f"distinct_{NGRAM_WORDS}": distinct(texts),
            "word_validity": word_validity(texts, self.words),
            "repetition": repetition(texts),
            "longest_copied_substring": len(longest.text),
            f"copied_{COPY_CHARACTERS}gram_share": self.copied_share(texts),
        }, longest

    def copied_share(self, texts: list[str], length: int = COPY_CHARACTERS) -> float:
        """Share of the passages of `length` characters in `texts` that stand in the corpus."""
        hashes = [PassageHashes(collapse_whitespace(text)).of(length) for text in texts]
        queries = np.concatenate(hashes)
        return float(self.contains(queries, length).mean()) if len(queries) else 0.0

    def longest_copy(self, texts: list[str]) -> CopiedPassage:
        """The longest passage of any of `texts` that stands in the corpus."""
        texts = [collapse_whitespace(text) for text in texts]
        hashes, longest = [PassageHashes(text) for text in texts], ""
        low, high = 0, max(map(len, texts))
        # All parts of a copy are copies: a binary search finds the length.
        while low < high:
            length = (low + high + 1) // 2
            starts = [(text, i) for text in texts for i in range(len(text) - length + 1)]
            copied = self.contains(np.concatenate([h.of(length) for h in hashes]), length)
            text, start = starts[int(copied.argmax())]
            passage = text[start : start + length]
            # Hashes may be equal by chance, so the text decides.
            if copied.any() and passage in self.collapsed:
                low, longest = length, passage
            else:
                high = length - 1
        found = re.search(r"\s+".join(map(re.escape, longest.split(" "))), self.text)
        return CopiedPassage(longest, found.start() if found else 0)

    def contains(self, queries: Array, length: int) -> Array:
        """Which of the hashes `queries` are of passages of the corpus: bool [N]."""
        own, lowest = self.hashes.of(length), np.uint64(TABLE_SIZE - 1)
        table = np.zeros(TABLE_SIZE, bool)
        table[queries & lowest] = True
        # Few passages of the corpus share their lowest bits with one of the queries.
        return np.isin(queries, own[table[own & lowest]])


class PassageHashes:
    """Hashes of all passages of a text, of any length: sums of its code points times powers of an
    odd number, which has an inverse modulo 2 ** 64."""

    BASE = 0x9E3779B97F4A7C15
    INVERSE = pow(BASE, -1, 1 << 64)

    def __init__(self, text: str) -> None:
        points = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
        self.inverses = _powers(self.INVERSE, len(points) + 1)
        weighted = points * _powers(self.BASE, len(points))
        self.sums = np.concatenate([[np.uint64(0)], np.cumsum(weighted)])

    def of(self, length: int) -> Array:
        """The hash of the passage of `length` that begins at each position: uint64 [positions]."""
        count = max(0, len(self.sums) - length)
        return (self.sums[length:] - self.sums[:count]) * self.inverses[:count]


def _powers(base: int, count: int) -> Array:
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)
