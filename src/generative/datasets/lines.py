"""Pairs of lines of Shakespeare's plays, one in modern spelling and one as the Folio of 1623 has
it: the same line, or two of one play. Whole plays are for training, validation or test.

A character is its place in the list `characters`, counted from 1; 0 fills lines up to their length.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from generative.datasets.base import arrays
from generative.core.errors import BadInput

if TYPE_CHECKING:
    import tensorflow as tf

KEY = "lines"
INPUTS = ("line", "other")

Arrays = arrays.Arrays


def prepare(
    raw: Path,
    *,
    length: Annotated[int, Field(ge=1)],
    train_count: Annotated[int, Field(ge=1)],
    validation_count: Annotated[int, Field(ge=1)],
    test_count: Annotated[int, Field(ge=2)],  # one has no interval
    seed: Annotated[int, Field(ge=0, lt=2**31)],
) -> dict[str, np.ndarray | list[str]]:
    """`{split}_line` and `{split}_other`, uint8 [N, length], `{split}_same`, 1 or 0,
    `{split}_play`, a number, and the lists `characters` and `plays`.

    Half of the pairs are the same line. Which of the two stands first is drawn. Raises `BadInput`
    if a play is missing or if there are fewer lines than are asked for.
    """
    from generative.datasets.readers import works

    generator = np.random.default_rng(seed)
    counts = (train_count, validation_count, test_count)
    plays: list[str] = []
    chosen = {}
    for (split, some), count in zip(
        works.divided(works.read(raw), seed).items(), counts, strict=True
    ):
        rows = []
        for work in some:
            same = works.aligned(work)
            # Any other line: the next of a round in random order, never itself.
            order = generator.permutation(len(same))
            after = dict(zip(order, np.roll(order, 1), strict=True))
            for number, (modern, folio) in enumerate(same):
                yes = number % 2 == 0 or same[after[number]][1] == folio
                other = folio if yes else same[after[number]][1]
                pair = (modern, other) if generator.random() < 0.5 else (other, modern)
                rows.append((*pair, int(yes), len(plays)))
            plays.append(work.key)
        if len(rows) < count:
            raise BadInput(
                f"prepare.{KEY}.{split}_count: received {count:,}, the plays have {len(rows):,} "
                "pairs of lines"
            )
        chosen[split] = [rows[place] for place in generator.permutation(len(rows))[:count]]
    known = {letter for line, other, *_ in chosen["train"] for letter in line + other}
    characters = sorted(known)[:255]
    prepared: dict[str, np.ndarray | list[str]] = {"characters": characters, "plays": plays}
    for split, rows in chosen.items():
        texts, others, verdicts, numbers = zip(*rows, strict=True)
        for name, column in zip(INPUTS, (texts, others), strict=True):
            ids = encoded(list(column), characters, length)
            prepared[f"{split}_{name}"] = ids.astype(np.uint8)
        prepared[f"{split}_same"] = np.array(verdicts, np.uint8)
        prepared[f"{split}_play"] = np.array(numbers, np.uint8)
    return prepared


def encoded(lines: list[str], characters: list[str], length: int) -> np.ndarray:
    """`lines` as ids, int32 [N, length]; what the list lacks and what is too long is left out."""
    places = {character: place for place, character in enumerate(characters, start=1)}
    ids = np.zeros((len(lines), length), np.int32)
    for row, line in zip(ids, lines, strict=True):
        known = [places[character] for character in line if character in places][:length]
        row[: len(known)] = known
    return ids


def facts(folder: Path) -> dict[str, Any]:
    """What a model's constructor is told of the data."""
    length = arrays.read(folder, KEY, "test")["line"].shape[1]
    return {"characters": arrays.listed(folder, KEY, "characters"), "length": length}


def load(folder: Path, split: str) -> tuple[Arrays, Arrays]:
    """One split: ids `line` and `other`, int32 [N, length]; `same`, float32 [N], 1 or 0."""
    pairs = arrays.read(folder, KEY, split)
    inputs = {name: pairs[name].astype(np.int32) for name in INPUTS}
    return inputs, {"same": pairs["same"].astype(np.float32)}


def batches(folder: Path, batch_size: int, seed: int) -> "tf.data.Dataset":
    """The training split for `fit`: shuffled each epoch, full batches of what `load` gives."""
    return arrays.shuffled(load(folder, "train"), batch_size, seed)


def groups(folder: Path, split: str) -> dict[str, np.ndarray]:
    """What examples have in common, by its name: numbers [N], equal for those of one play."""
    return {"play": arrays.read(folder, KEY, split)["play"]}


def likeness(inputs: Arrays) -> np.ndarray:
    """What a comparison without a model says: the share of letters in common, in order [N]."""
    from difflib import SequenceMatcher

    pairs = zip(inputs["line"], inputs["other"], strict=True)
    return np.array(
        [
            SequenceMatcher(None, line[line > 0].tolist(), other[other > 0].tolist()).ratio()
            for line, other in pairs
        ]
    )
