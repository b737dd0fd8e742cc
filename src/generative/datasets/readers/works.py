"""Shakespeare's plays in two spellings: the modern one, and that of the Folio of 1623.

The table `works.csv` beside this file says which files are one play, when it was written and what
kind of play it is, with its sources.
"""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pandas as pd

from generative.datasets.base.arrays import SPLITS
from generative.datasets.readers import texts

TABLE = Path(__file__).with_name("works.csv")
EDITIONS = ("modern", "folio")
# Of so many plays that follow each other by genre and year, so many validate and test.
GROUP, VALIDATION, TEST = 7, 1, 2

# Before the first act or scene stand titles and lists of people, which tell genre and edition.
BEGINNING = re.compile(r"^\W*(act|actus|scene)\b.*$", re.IGNORECASE | re.MULTILINE)
# "  Bar. Long liue the King": in the Folio's texts who speaks stands before the words.
SPEAKER = re.compile(r"^\s+(?:\d\.? ?)?[A-Z][\w']*\.(?: \d\.)? +")
DIRECTION = re.compile(r"\[.*|^\s*(enter|exit|exeunt|manet|flourish)\b.*", re.IGNORECASE)
# Lines of fewer letters, or of fewer than half as many consonants, have doubles; and how alike the
# consonants of two lines between equal ones must be.
LEAST_LETTERS, LIKENESS = 20, 0.75


@dataclass(frozen=True)
class Work:
    """One play: its key, the year of its first production, its genre, and its text by edition."""

    key: str
    year: int
    genre: str
    text: dict[str, str]


def read(raw: Path) -> list[Work]:
    """The plays of the table whose two files are in the folder `raw`.

    Raises `BadInput` if a file is missing or no text.
    """
    rows = pd.read_csv(TABLE, comment="#").to_dict("records")
    return [
        Work(
            row["modern"].removesuffix("_gut"),
            row["year"],
            row["genre"],
            {edition: texts.read(raw / f"{row[edition]}.txt") for edition in EDITIONS},
        )
        for row in rows
    ]


def divided(works: list[Work], seed: int) -> dict[str, list[Work]]:
    """Whole plays for each split, each split with some of every genre and from every time.

    In the order of genre and year, of every seven one is drawn to validate and two to test.
    """
    generator = np.random.default_rng(seed)
    parts: dict[str, list[Work]] = {split: [] for split in SPLITS}
    ordered = sorted(works, key=lambda work: (work.genre, work.year, work.key))
    for start in range(0, len(ordered), GROUP):
        some = ordered[start : start + GROUP]
        for place, number in enumerate(generator.permutation(len(some))):
            split = "validation" if place < VALIDATION else "test"
            parts[split if place < VALIDATION + TEST else "train"].append(some[number])
    return parts


def body(text: str) -> str:
    """`text` from its first act or scene on."""
    found = BEGINNING.search(text)
    return text[found.end() :] if found else text


def lines(text: str) -> list[str]:
    """The spoken lines of `text` that are long enough to be told apart."""
    spoken = (SPEAKER.sub("", DIRECTION.sub("", line)).strip() for line in body(text).splitlines())
    return [
        line
        for line in spoken
        if len(skeleton(line)) >= LEAST_LETTERS // 2
        and sum(letter.isalpha() for letter in line) >= LEAST_LETTERS
    ]


def skeleton(line: str) -> str:
    """What the two spellings of a line have in common: its consonants, none twice in a row."""
    letters = re.sub(r"[^a-z]", "", line.lower().replace("æ", "e"))
    letters = letters.replace("v", "u").replace("j", "i").replace("y", "i")
    return re.sub(r"(.)\1+", r"\1", re.sub("[aeiou]", "", letters))


def aligned(work: Work) -> list[tuple[str, str]]:
    """Lines of a play in both spellings, modern and Folio: [(modern, folio), ...].

    Lines with equal skeletons, in order, are pairs; so are lines between them where both texts have
    as many and they look alike.
    """
    modern, folio = (lines(work.text[edition]) for edition in EDITIONS)
    bones, old_bones = ([skeleton(line) for line in some] for some in (modern, folio))
    pairs = []
    for tag, i, i_end, j, j_end in SequenceMatcher(
        None, bones, old_bones, autojunk=False
    ).get_opcodes():
        if i_end - i != j_end - j:
            continue
        for left, right in zip(range(i, i_end), range(j, j_end), strict=True):
            alike = SequenceMatcher(None, bones[left], old_bones[right]).ratio()
            if tag == "equal" or alike >= LIKENESS:
                pairs.append((modern[left], folio[right]))
    return pairs
