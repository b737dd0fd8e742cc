"""Metrics of text models: how well they predict held-out text, and what they write, compared with
the text they learned from."""

import lzma
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray

# Lengths of what is counted: words for variety, characters for copying.
WORDS, CHARACTERS = 4, 30
# A model predicts a text a little better than a compressor packs it, but not by this much.
LEAST_SHARE_OF_COMPRESSED = 0.75
# Of a text that was not copied, so much of another may be in it.
MOST_COPIED = 0.1


def prediction(model: Any, inputs: Array, targets: Array) -> dict[str, float]:
    """`bits_per_character`, the mean of -log2 p(character | all before it in its row), and
    `next_character_accuracy`, how often the most probable one follows.

    inputs, targets: ids [rows, length] as a data set's `load` gives them; logits come from `model`.
    """
    nats, right = 0.0, 0
    for start in range(0, len(inputs), model.validation_batch):
        rows = slice(start, start + model.validation_batch)
        logits = np.asarray(model(inputs[rows]), np.float64)
        logits -= logits.max(axis=-1, keepdims=True)
        wanted = targets[rows].astype(np.int64) - 1
        own = np.take_along_axis(logits, wanted[..., np.newaxis], axis=-1)[..., 0]
        nats += float((np.log(np.exp(logits).sum(axis=-1)) - own).sum())
        right += int((logits.argmax(axis=-1) == wanted).sum())
    return {
        "bits_per_character": nats / math.log(2) / targets.size,
        "next_character_accuracy": right / targets.size,
    }


def compressed_bits(known: str, text: str) -> float:
    """Bits a character that LZMA needs for `text` once it has packed `known`."""

    def packed(content: str) -> int:
        return len(lzma.compress(content.encode(), preset=9))

    return 8 * (packed(known + text) - packed(known)) / len(text)


def leaks(bits: float, compressed: float, copied: float) -> list[str]:
    """What makes a held-out loss too good to be true; nothing where nothing does.

    bits, compressed: bits a character, by the model and by `compressed_bits`. copied: the share of
    held-out passages that stand in the training text.
    """
    found = []
    if bits < LEAST_SHARE_OF_COMPRESSED * compressed:
        found.append(
            f"{bits:.2f} bits a character, where LZMA needs {compressed:.2f}: the model sees what "
            "it is to predict"
        )
    if copied > MOST_COPIED:
        found.append(
            f"{copied:.0%} of the held-out passages of {CHARACTERS} characters stand in the "
            "training text: the data overlap"
        )
    return found


def words(text: str) -> list[str]:
    """The words of `text`: letters and apostrophes, in lower case."""
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text.lower())


def distinct(texts: list[str], length: int = WORDS) -> float:
    """Different sequences of so many words over all of them (Li et al., 2016, arXiv:1510.03055)."""
    found = [gram for text in texts for gram in grams(words(text), length)]
    return len(set(found)) / len(found) if found else 0.0


def repetition(texts: list[str], length: int = WORDS) -> float:
    """Share of word sequences that stood in the same text before, the mean over `texts` (seq-rep-n
    of Welleck et al., 2020, arXiv:1908.04319)."""
    found = [grams(words(text), length) for text in texts]
    return float(np.mean([1 - len(set(some)) / len(some) if some else 0.0 for some in found]))


def squeezed(text: str) -> str:
    """`text` with one blank for each run of white space."""
    return re.sub(r"\s+", " ", text)


def grams(sequence: list[str], length: int) -> list[tuple[str, ...]]:
    """All runs of so many neighbours."""
    return list(zip(*(sequence[i:] for i in range(length)), strict=False))


def word_validity(texts: list[str], known: set[str]) -> float:
    """Share of the words of `texts` that are in `known`."""
    found = [word for text in texts for word in words(text)]
    return sum(word in known for word in found) / len(found) if found else 0.0


@dataclass(frozen=True)
class Passage:
    """What of a text stands in another, but for its white space, and where it begins there."""

    text: str
    place: int


class Corpus:
    """The text a model learned from, and what others have copied of it.

    White space counts as one blank: empty lines that set scenes apart are no copy. Passages of one
    length are compared by their polynomial hashes modulo 2 ** 64 (Karp & Rabin, 1987), all at once.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = set(words(text))
        self.plain = squeezed(text)
        self.sums = Sums(self.plain)

    def measure(self, texts: list[str]) -> tuple[dict[str, float], Passage]:
        """Every metric of what was written, or of held-out text, and the longest copy in it."""
        longest = self.longest_copy(texts)
        return {
            f"distinct_{WORDS}": distinct(texts),
            "word_validity": word_validity(texts, self.words),
            "repetition": repetition(texts),
            "longest_copied_substring": len(longest.text),
            f"copied_{CHARACTERS}gram_share": self.copied_share(texts),
        }, longest

    def copied_share(self, texts: list[str], length: int = CHARACTERS) -> float:
        """Share of the passages of so many characters in `texts` that stand in the corpus."""
        asked = np.concatenate([Sums(squeezed(text)).hashes(length) for text in texts])
        return float(self.copied(asked, length).mean()) if len(asked) else 0.0

    def longest_copy(self, texts: list[str]) -> Passage:
        """The longest passage of any of `texts` that stands in the corpus."""
        texts = [squeezed(text) for text in texts]
        sums, best = [Sums(text) for text in texts], ""
        low, high = 0, max(map(len, texts))
        # Where a passage is copied, all that is in it is: the length can be halved for.
        while low < high:
            length = (low + high + 1) // 2
            starts = [(text, i) for text in texts for i in range(len(text) - length + 1)]
            copied = self.copied(np.concatenate([s.hashes(length) for s in sums]), length)
            text, start = starts[int(copied.argmax())]
            passage = text[start : start + length]
            # Hashes may be equal by chance, so the last word is the text's.
            if copied.any() and passage in self.plain:
                low, best = length, passage
            else:
                high = length - 1
        found = re.search(r"\s+".join(map(re.escape, best.split(" "))), self.text)
        return Passage(best, found.start() if found else 0)

    def copied(self, asked: Array, length: int) -> Array:
        """Which of the hashes `asked` are of passages of the corpus: bool [N]."""
        order = np.sort(asked)
        here = self.sums.hashes(length)
        places = np.searchsorted(order, here).clip(max=len(order) - 1)
        return np.isin(asked, order[places[order[places] == here]])


class Sums:
    """Hashes of all passages of a text, of any length: sums of its code points times powers of an
    odd number, which has an inverse modulo 2 ** 64."""

    BASE = 0x9E3779B97F4A7C15
    INVERSE = pow(BASE, -1, 1 << 64)

    def __init__(self, text: str) -> None:
        points = np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
        self.inverses = _powers(self.INVERSE, len(points) + 1)
        weighted = points * _powers(self.BASE, len(points))
        self.sums = np.concatenate([[np.uint64(0)], np.cumsum(weighted)])

    def hashes(self, length: int) -> Array:
        """One for each place where a passage of so many characters begins: uint64 [places]."""
        count = max(0, len(self.sums) - length)
        return (self.sums[length:] - self.sums[:count]) * self.inverses[:count]


def _powers(base: int, count: int) -> Array:
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors)
