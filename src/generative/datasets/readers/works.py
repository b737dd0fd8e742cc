"""Shakespeare's plays in two spellings: the modern one, and that of the Folio of 1623.

The table `works.csv` beside this file says which files are one play, when it was written and what
kind of play it is, with its sources.
"""

import csv
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np

from generative.datasets.base.arrays import SPLITS
from generative.datasets.readers import texts

TABLE = Path(__file__).with_name("works.csv")
# Of so many plays that follow each other by genre and year, so many validate and test.
GROUP, VALIDATION, TEST = 7, 1, 2

# Before the first act or scene stand titles and lists of people, which give genre and edition away.
BEGINNING = re.compile(r"^\W*(act|actus|scene)\b.*$", re.IGNORECASE | re.MULTILINE)
# "  Bar. Long liue the King": in the Folio's texts the speaker stands before the words.
SPEAKER = re.compile(r"^\s+(?:\d\.? ?)?[A-Z][\w']*\.(?: \d\.)? +")
DIRECTION = re.compile(r"\[.*|^\s*(enter|exit|exeunt|manet|flourish)\b.*", re.IGNORECASE)
# Lines of fewer letters, or of fewer than half as many consonants, have duplicates.
MIN_LETTERS = 20
# Between equal lines, two whose consonants are at least so similar are a pair.
MIN_SIMILARITY = 0.75


@dataclass(frozen=True)
class Work:
    """One play: its key, the year of its first production, its genre, and its two texts."""

    key: str
    year: int
    genre: str
    modern: str
    folio: str


def read(raw: Path) -> list[Work]:
    """The plays of the table whose two files are in the folder `raw`.

    Raises `BadInput` if a file is missing or no text.
    """
    return [
        Work(
            row["modern"].removesuffix("_gut"),
            int(row["year"]),
            row["genre"],
            *(texts.read(raw / f"{row[edition]}.txt") for edition in ("modern", "folio")),
        )
        for row in read_table()
    ]


def read_table() -> list[dict[str, str]]:
    """The rows of `works.csv`: the names of the two files, without suffix, year and genre."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def split_plays(works: list[Work], seed: int) -> dict[str, list[Work]]:
    """Whole plays for each split, each split with some of every genre and from every time.

    In the order of genre and year, of every seven one is sampled to validate and two to test.
    """
    generator = np.random.default_rng(seed)
    splits: dict[str, list[Work]] = {split: [] for split in SPLITS}
    ordered = sorted(works, key=lambda work: (work.genre, work.year, work.key))
    for start in range(0, len(ordered), GROUP):
        group = ordered[start : start + GROUP]
        for place, number in enumerate(generator.permutation(len(group))):
            split = "validation" if place < VALIDATION else "test"
            splits[split if place < VALIDATION + TEST else "train"].append(group[number])
    return splits


def body(text: str) -> str:
    """`text` from its first act or scene on."""
    found = BEGINNING.search(text)
    return text[found.end() :] if found else text


def spoken_lines(text: str) -> list[str]:
    """The spoken lines of `text` that are long enough to be unique."""
    spoken = (SPEAKER.sub("", DIRECTION.sub("", line)).strip() for line in body(text).splitlines())
    return [
        line
        for line in spoken
        if len(consonants(line)) >= MIN_LETTERS // 2
        and sum(letter.isalpha() for letter in line) >= MIN_LETTERS
    ]


def consonants(line: str) -> str:
    """What the two spellings of a line have in common: its consonants, none twice in a row."""
    letters = re.sub(r"[^a-z]", "", line.lower().replace("æ", "e"))
    letters = letters.replace("v", "u").replace("j", "i").replace("y", "i")
    return re.sub(r"(.)\1+", r"\1", re.sub("[aeiou]", "", letters))


def align(work: Work) -> list[tuple[str, str]]:
    """Lines of a play in both spellings, modern and Folio: [(modern, folio), ...].

    Lines with equal consonants, in order, are pairs; so are similar lines between them where both
    texts have as many.
    """
    modern, folio = spoken_lines(work.modern), spoken_lines(work.folio)
    keys, folio_keys = ([consonants(line) for line in lines] for lines in (modern, folio))
    matcher = SequenceMatcher(None, keys, folio_keys, autojunk=False)
    pairs = []
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if i_end - i != j_end - j:
            continue
        for left, right in zip(range(i, i_end), range(j, j_end), strict=True):
            similarity = SequenceMatcher(None, keys[left], folio_keys[right]).ratio()
            if tag == "equal" or similarity >= MIN_SIMILARITY:
                pairs.append((modern[left], folio[right]))
    return pairs
