"""Generated stories, each with a question about it and its answer, one word.

Stories take one fact of them to be answered, or two. No story is in two splits. A word is its place
in the list `words`, counted from 1; 0 fills stories up to their length. An answer is its place in
the list `answers`.
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

KEY = "stories"
INPUTS = ("story", "question")
# Stories that are drawn before it is said that there are too few different ones.
ATTEMPTS = 20

Arrays = arrays.Arrays


def prepare(
    raw: Path,
    *,
    sentences: Annotated[int, Field(ge=2)],
    two_fact_share: Annotated[float, Field(ge=0, le=1)],
    train_count: Annotated[int, Field(ge=1)],
    validation_count: Annotated[int, Field(ge=1)],
    test_count: Annotated[int, Field(ge=2)],  # one has no interval
    seed: Annotated[int, Field(ge=0, lt=2**31)],
) -> dict[str, np.ndarray | list[str]]:
    """`{split}_story` and `{split}_question`, uint8 [N, words], `{split}_answer` and
    `{split}_facts`, 1 or 2 [N], and the lists `words` and `answers`.

    Stories of 2 to `sentences` sentences, of the words that the file `raw` lists; `two_fact_share`
    of them take two facts. Raises `BadInput` for a file that lacks words, or if there are fewer
    different stories than are asked for.
    """
    import random

    from generative.datasets.readers import stories

    known = stories.read(raw)
    generator = random.Random(seed)
    counts = (train_count, validation_count, test_count)
    told: dict[str, stories.Story] = {}
    for _ in range(ATTEMPTS * sum(counts)):
        facts = 2 if generator.random() < two_fact_share else 1
        new = stories.tell(known, facts, sentences, generator)
        told.setdefault(new.story, new)
        if len(told) == sum(counts):
            break
    else:
        raise BadInput(
            f"prepare.{KEY}: of {sum(counts):,} stories only {len(told):,} are different; raise "
            "sentences or lower the counts"
        )
    rows = list(told.values())
    words = sorted({word for row in rows for word in f"{row.story} {row.question}".split()})
    answers = sorted(known["places"])
    prepared: dict[str, np.ndarray | list[str]] = {"words": words, "answers": answers}
    encodings = {name: encoded([getattr(row, name) for row in rows], words) for name in INPUTS}
    encodings["answer"] = np.array([answers.index(row.answer) for row in rows])
    encodings["facts"] = np.array([row.facts for row in rows])
    for name, column in encodings.items():
        parts = np.split(column.astype(np.uint8), np.cumsum(counts)[:-1])
        for split, part in zip(arrays.SPLITS, parts, strict=True):
            prepared[f"{split}_{name}"] = part
    return prepared


def tokens(text: str) -> list[str]:
    """The words of `text` in lower case, without punctuation."""
    return re.findall(r"[^\W_]+", text.lower())


def encoded(texts: list[str], words: list[str], length: int = 0) -> np.ndarray:
    """`texts` as ids, int32 [N, length], by default of the longest.

    Raises `BadInput` for a text without a word, with one that `words` lacks, or with too many.
    """
    places = {word: place for place, word in enumerate(words, start=1)}
    split = [tokens(text) for text in texts]
    ids = np.zeros((len(texts), length or max(map(len, split))), np.int32)
    for row, found in zip(ids, split, strict=True):
        if not found:
            raise BadInput("is empty; give it at least a word")
        strange = sorted(set(found) - places.keys())
        if strange:
            raise BadInput(
                f"holds {', '.join(map(repr, strange))}, which the model never saw; its words are "
                f"{', '.join(words)}"
            )
        if len(found) > len(row):
            raise BadInput(f"has {len(found):,} words, the model reads {len(row):,}; shorten it")
        row[: len(found)] = [places[word] for word in found]
    return ids


def facts(folder: Path) -> dict[str, Any]:
    """What a model's constructor is told of the data."""
    test = arrays.read(folder, KEY, "test")
    lists = {name: arrays.listed(folder, KEY, name) for name in ("words", "answers")}
    return {**lists, **{f"{name}_length": test[name].shape[1] for name in INPUTS}}


def load(folder: Path, split: str) -> tuple[Arrays, Arrays]:
    """One split: ids `story` and `question`, int32 [N, words], and places `answer`, int32 [N]."""
    told = arrays.read(folder, KEY, split)
    inputs = {name: told[name].astype(np.int32) for name in INPUTS}
    return inputs, {"answer": told["answer"].astype(np.int32)}


def batches(folder: Path, batch_size: int, seed: int) -> "tf.data.Dataset":
    """The training split for `fit`: shuffled each epoch, full batches of what `load` gives."""
    return arrays.shuffled(load(folder, "train"), batch_size, seed)


def parts(folder: Path, split: str) -> dict[str, np.ndarray]:
    """Which examples are measured by themselves, and what their metrics begin with: bool [N]."""
    needed = arrays.read(folder, KEY, split)["facts"]
    return {"test_": needed == 1, "two_fact_": needed == 2}
