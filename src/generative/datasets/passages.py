"""Passages of Shakespeare's plays: the year and the genre of the play, and whether the spelling is
modern or that of the Folio of 1623. Whole plays are for training, validation or test.

A word is its place in the list `words`, counted from 1; 0 stands for all others.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from generative.datasets.base import arrays
from generative.core.errors import BadInput

if TYPE_CHECKING:
    import tensorflow as tf

KEY = "passages"
EDITIONS = ("modern", "folio")
GENRES = ("comedy", "history", "tragedy")
TARGETS = ("year", "genre", "edition")
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")

Arrays = arrays.Arrays


def prepare(
    raw: Path,
    *,
    length: Annotated[int, Field(ge=1)],
    step: Annotated[int, Field(ge=1)],
    least_plays: Annotated[int, Field(ge=1)],
    most_words: Annotated[int, Field(ge=1, lt=2**16)],
    seed: Annotated[int, Field(ge=0, lt=2**31)],
) -> dict[str, np.ndarray | list[str]]:
    """`{split}_passage` uint16 [N, length], `{split}_year`, `{split}_genre` and `{split}_edition`,
    places in `GENRES` and `EDITIONS`, `{split}_play`, and the lists `words` and `plays`.

    Passages of `length` words; one begins every `step` words of a training text, and held-out
    ones do not overlap. The words are the `most_words` most frequent of those in at least
    `least_plays` training plays: names of one play's people say nothing of another play. Raises
    `BadInput` if a play is missing or if a split gets no passage.
    """
    from collections import Counter

    from generative.datasets.readers import works

    parts = works.divided(works.read(raw), seed)
    texts = {
        (work.key, edition): tokens(works.body(work.text[edition]))
        for some in parts.values()
        for work in some
        for edition in EDITIONS
    }
    count: Counter[str] = Counter()
    plays_with: Counter[str] = Counter()
    for work in parts["train"]:
        both = [word for edition in EDITIONS for word in texts[work.key, edition]]
        count.update(both)
        plays_with.update(set(both))
    # Ties by the alphabet: Python's order of a set is another in every process.
    known = sorted((w for w in count if plays_with[w] >= least_plays), key=lambda w: (-count[w], w))
    words = known[:most_words]
    plays = [work.key for some in parts.values() for work in some]
    prepared: dict[str, np.ndarray | list[str]] = {"words": words, "plays": plays}
    for split, some in parts.items():
        passages, told = [], []
        for work in some:
            for place, edition in enumerate(EDITIONS):
                ids = encoded(texts[work.key, edition], words)
                own = cut(ids, length, step if split == "train" else length)
                passages.append(own)
                facts = (work.year, GENRES.index(work.genre), place, plays.index(work.key))
                told += [facts] * len(own)
        if not told:
            raise BadInput(
                f"prepare.{KEY}.length: received {length:,}, longer than all {split} texts; "
                "lower it"
            )
        prepared[f"{split}_passage"] = np.concatenate(passages).astype(np.uint16)
        for name, column in zip((*TARGETS, "play"), np.array(told, np.int16).T, strict=True):
            prepared[f"{split}_{name}"] = column
    return prepared


def tokens(text: str) -> list[str]:
    """The words of `text` in lower case."""
    return WORD.findall(text.lower().replace("\u2019", "'"))


def encoded(text: list[str], words: list[str]) -> np.ndarray:
    """The words of `text` as ids, int32 [N]."""
    places = {word: place for place, word in enumerate(words, start=1)}
    return np.array([places.get(word, 0) for word in text], np.int32)


def cut(ids: np.ndarray, length: int, step: int) -> np.ndarray:
    """Passages [N, length] of one text, the first at its beginning."""
    if len(ids) < length:
        return np.empty((0, length), ids.dtype)
    return np.lib.stride_tricks.sliding_window_view(ids, length)[::step]


def facts(folder: Path) -> dict[str, Any]:
    """What a model's constructor is told of the data; `year` is the mean of the training passages,
    where its guesses begin."""
    year = float(arrays.read(folder, KEY, "train")["year"].mean())
    length = arrays.read(folder, KEY, "test")["passage"].shape[1]
    return {"words": arrays.listed(folder, KEY, "words"), "length": length, "year": year}


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


def batches(folder: Path, batch_size: int, seed: int) -> "tf.data.Dataset":
    """The training split for `fit`: shuffled each epoch, full batches of what `load` gives."""
    return arrays.shuffled(load(folder, "train"), batch_size, seed)


def groups(folder: Path, split: str) -> dict[str, np.ndarray]:
    """What examples have in common, by its name: numbers [N], equal for those of one play."""
    return {"play": arrays.read(folder, KEY, split)["play"]}
