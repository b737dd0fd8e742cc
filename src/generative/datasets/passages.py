"""Passages of Shakespeare's plays: the year and the genre of the play, and whether the spelling is
modern or that of the Folio of 1623. Whole plays are for training, validation or test.

A word is its place in the list `words`, counted from 1; 0 stands for all others.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from generative.core.errors import BadInput
from generative.core.params import Count, Seed
from generative.datasets.base import arrays
from generative.datasets.base.arrays import Arrays

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

KEY = "passages"
EDITIONS = ("modern", "folio")
GENRES = ("comedy", "history", "tragedy")
TARGETS = ("year", "genre", "edition")
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


def prepare(
    raw: Path,
    *,
    length: Count,
    step: Count,
    least_plays: Count,
    most_words: Annotated[int, Field(ge=1, lt=2**16)],
    seed: Seed,
) -> dict[str, np.ndarray | list[str]]:
    """`{split}_passage` uint16 [N, length], `{split}_year`, `{split}_genre` and `{split}_edition`,
    places in `GENRES` and `EDITIONS`, `{split}_play`, and the lists `words` and `plays`.

    Passages of `length` words; one begins every `step` words of a training text, and held-out
    ones do not overlap. The words are the `most_words` most frequent of those in at least
    `least_plays` training plays: the characters' names do not occur in other plays. Raises
    `BadInput` if a play is missing or if a split gets no passage.
    """
    from collections import Counter

    from generative.datasets.readers import works

    splits = works.split_plays(works.read(raw), seed)
    texts = {
        (work.key, edition): tokenize(works.body(getattr(work, edition)))
        for own in splits.values()
        for work in own
        for edition in EDITIONS
    }
    count: Counter[str] = Counter()
    plays_with: Counter[str] = Counter()
    for work in splits["train"]:
        both = [word for edition in EDITIONS for word in texts[work.key, edition]]
        count.update(both)
        plays_with.update(set(both))
    # Ties by the alphabet: Python's order of a set is another in every process.
    known = sorted((w for w in count if plays_with[w] >= least_plays), key=lambda w: (-count[w], w))
    words = known[:most_words]
    plays = [work.key for own in splits.values() for work in own]
    prepared: dict[str, np.ndarray | list[str]] = {"words": words, "plays": plays}
    for split, own in splits.items():
        passages, rows = [], []
        for work in own:
            for place, edition in enumerate(EDITIONS):
                ids = encode(texts[work.key, edition], words)
                found = windows(ids, length, step if split == "train" else length)
                passages.append(found)
                row = (work.year, GENRES.index(work.genre), place, plays.index(work.key))
                rows += [row] * len(found)
        if not rows:
            raise BadInput(
                f"prepare.{KEY}.length: received {length:,}, longer than all {split} texts; "
                "lower it"
            )
        prepared[f"{split}_passage"] = np.concatenate(passages).astype(np.uint16)
        for name, column in zip((*TARGETS, "play"), np.array(rows, np.int16).T, strict=True):
            prepared[f"{split}_{name}"] = column
    return prepared


def tokenize(text: str) -> list[str]:
    """The words of `text` in lower case."""
    return WORD.findall(text.lower().replace("\u2019", "'"))


def encode(text: list[str], words: list[str]) -> np.ndarray:
    """The words of `text` as ids, int32 [N]."""
    places = {word: place for place, word in enumerate(words, start=1)}
    return np.array([places.get(word, 0) for word in text], np.int32)


def windows(ids: np.ndarray, length: int, step: int) -> np.ndarray:
    """Passages [N, length] of one text, the first at its beginning."""
    if len(ids) < length:
        return np.empty((0, length), ids.dtype)
    return np.lib.stride_tricks.sliding_window_view(ids, length)[::step]


def facts(folder: Path) -> dict[str, Any]:
    """Arguments of a network's constructor: the words, the length of a passage, and the mean `year`
    of the training passages, where the network's output begins."""
    year = float(arrays.read(folder, KEY, "train")["year"].mean())
    length = arrays.read(folder, KEY, "test")["passage"].shape[1]
    return {"words": arrays.read_list(folder, KEY, "words"), "length": length, "year": year}


def load(folder: Path, split: str) -> tuple[Arrays, Arrays]:
    """One split: ids `passage`, int32 [N, length]; `year`, float32, `genre`, int32, `edition`,
    float32, 1 for the Folio's, all [N]."""
    passages = arrays.read(folder, KEY, split)
    targets = {
        "year": passages["year"].astype(np.float32),
        "genre": passages["genre"].astype(np.int32),
        "edition": passages["edition"].astype(np.float32),
    }
    return {"passage": passages["passage"].astype(np.int32)}, targets


def batches(folder: Path, batch_size: int, seed: int) -> "Batches":
    """The training split for `fit`: shuffled each epoch, full batches of what `load` gives."""
    return arrays.shuffled_batches(load(folder, "train"), batch_size, seed)


def groups(folder: Path, split: str) -> Arrays:
    """The `play` of each passage, a number [N]."""
    return {"play": arrays.read(folder, KEY, split)["play"]}
