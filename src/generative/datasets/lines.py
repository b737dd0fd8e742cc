"""Pairs of lines of Shakespeare's plays, one in modern spelling and one as the Folio of 1623 has
it: the same line, or two of one play. Whole plays are for training, validation or test.

A character is its place in the list `characters`, counted from 1; 0 pads lines to their length.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generative.core.errors import BadInput
from generative.core.params import Count, Seed
from generative.datasets.base import arrays
from generative.datasets.base.arrays import Arrays
from generative.datasets.base.schema import TestCount

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

KEY = "lines"
INPUTS = ("line", "other")


def prepare(
    raw: Path,
    *,
    length: Count,
    train_count: Count,
    validation_count: Count,
    test_count: TestCount,
    seed: Seed,
) -> dict[str, np.ndarray | list[str]]:
    """`{split}_line` and `{split}_other`, uint8 [N, length], `{split}_same`, 1 or 0,
    `{split}_play`, a number, and the lists `characters` and `plays`.

    Half of the pairs are the same line. Which of the two stands first is random. Raises `BadInput`
    if a play is missing or if there are fewer lines than are asked for.
    """
    from generative.datasets.readers import works

    generator = np.random.default_rng(seed)
    splits = works.split_plays(works.read(raw), seed)
    counts = (train_count, validation_count, test_count)
    plays: list[str] = []
    sampled = {}
    for (split, own), count in zip(splits.items(), counts, strict=True):
        rows = []
        for work in own:
            rows += _pairs(works.align(work), len(plays), generator)
            plays.append(work.key)
        if len(rows) < count:
            raise BadInput(
                f"prepare.{KEY}.{split}_count: received {count:,}, the plays have {len(rows):,} "
                "pairs of lines"
            )
        sampled[split] = [rows[place] for place in generator.permutation(len(rows))[:count]]
    letters = {letter for line, other, *_ in sampled["train"] for letter in line + other}
    characters = sorted(letters)[:255]
    prepared: dict[str, np.ndarray | list[str]] = {"characters": characters, "plays": plays}
    for split, rows in sampled.items():
        lines, others, same, numbers = zip(*rows, strict=True)
        for name, column in zip(INPUTS, (lines, others), strict=True):
            ids = encode(list(column), characters, length)
            prepared[f"{split}_{name}"] = ids.astype(np.uint8)
        prepared[f"{split}_same"] = np.array(same, np.uint8)
        prepared[f"{split}_play"] = np.array(numbers, np.uint8)
    return prepared


def _pairs(
    aligned: list[tuple[str, str]], play: int, generator: np.random.Generator
) -> list[tuple[str, str, bool, int]]:
    """Each line of a play with itself or with another: (line, other, same, play)."""
    # The other is the next in a random cycle through the play, so it is never the line itself.
    order = generator.permutation(len(aligned))
    following = dict(zip(order, np.roll(order, 1), strict=True))
    rows = []
    for number, (modern, folio) in enumerate(aligned):
        other = folio if number % 2 == 0 else aligned[following[number]][1]
        pair = (modern, other) if generator.random() < 0.5 else (other, modern)
        rows.append((*pair, other == folio, play))
    return rows


def encode(lines: list[str], characters: list[str], length: int) -> np.ndarray:
    """`lines` as ids, int32 [N, length]; what the list lacks and what is too long is left out."""
    places = {character: place for place, character in enumerate(characters, start=1)}
    ids = np.zeros((len(lines), length), np.int32)
    for row, line in zip(ids, lines, strict=True):
        known = [places[character] for character in line if character in places][:length]
        row[: len(known)] = known
    return ids


def facts(folder: Path) -> dict[str, Any]:
    """Arguments of a network's constructor: the characters, and the length of a line."""
    length = arrays.read(folder, KEY, "test")["line"].shape[1]
    return {"characters": arrays.read_list(folder, KEY, "characters"), "length": length}


def load(folder: Path, split: str) -> tuple[Arrays, Arrays]:
    """One split: ids `line` and `other`, int32 [N, length]; `same`, float32 [N], 1 or 0."""
    pairs = arrays.read(folder, KEY, split)
    inputs = {name: pairs[name].astype(np.int32) for name in INPUTS}
    return inputs, {"same": pairs["same"].astype(np.float32)}


def batches(folder: Path, batch_size: int, seed: int) -> "Batches":
    """The training split for `fit`: shuffled each epoch, full batches of what `load` gives."""
    return arrays.shuffled_batches(load(folder, "train"), batch_size, seed)


def groups(folder: Path, split: str) -> Arrays:
    """The `play` of each pair, a number [N]."""
    return {"play": arrays.read(folder, KEY, split)["play"]}


def similarity(inputs: Arrays) -> np.ndarray:
    """The ratio of `difflib.SequenceMatcher` between the two lines, float64 [N] in [0, 1]."""
    from difflib import SequenceMatcher

    pairs = zip(inputs["line"], inputs["other"], strict=True)
    return np.array(
        [
            SequenceMatcher(None, line[line > 0].tolist(), other[other > 0].tolist()).ratio()
            for line, other in pairs
        ]
    )
