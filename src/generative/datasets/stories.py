"""Generated stories, each with a question about it and its answer, one word.

Questions need one fact of the story, or two. No story is in two splits. A word is its place in the
list `words`, counted from 1; 0 pads stories and questions. An answer is its place in the list
`answers`.
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
from generative.datasets.base.schema import TestCount

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

KEY = "stories"
INPUTS = ("story", "question")
# How many stories are generated for each one that is asked for, until all are different.
ATTEMPTS = 20


def prepare(
    raw: Path,
    *,
    sentences: Annotated[int, Field(ge=2)],
    two_fact_share: Annotated[float, Field(ge=0, le=1)],
    train_count: Count,
    validation_count: Count,
    test_count: TestCount,
    seed: Seed,
) -> dict[str, np.ndarray | list[str]]:
    """`{split}_story` and `{split}_question`, [N, words], `{split}_answer` and
    `{split}_facts`, 1 or 2 [N], and the lists `words` and `answers`.

    Stories have 2 to `sentences` sentences of the words that the file `raw` lists;
    `two_fact_share` of the questions need two facts. Raises `BadInput` for a file that lacks words,
    or if there are fewer different stories than are asked for.
    """
    import random

    from generative.datasets.readers import stories

    vocabulary = stories.read(raw)
    generator = random.Random(seed)
    counts = (train_count, validation_count, test_count)
    unique: dict[str, stories.Story] = {}
    for _ in range(ATTEMPTS * sum(counts)):
        facts = 2 if generator.random() < two_fact_share else 1
        new = stories.generate(vocabulary, facts, sentences, generator)
        unique.setdefault(new.story, new)
        if len(unique) == sum(counts):
            break
    else:
        raise BadInput(
            f"prepare.{KEY}: of {sum(counts):,} stories only {len(unique):,} are different; raise "
            "sentences or lower the counts"
        )
    rows = list(unique.values())
    words = sorted({word for row in rows for word in f"{row.story} {row.question}".split()})
    answers = sorted(vocabulary["places"])
    prepared: dict[str, np.ndarray | list[str]] = {"words": words, "answers": answers}
    columns = {name: encode([getattr(row, name) for row in rows], words) for name in INPUTS}
    columns["answer"] = np.array([answers.index(row.answer) for row in rows])
    columns["facts"] = np.array([row.facts for row in rows])
    for name, column in columns.items():
        for split, own in arrays.divide(arrays.narrow(column), counts).items():
            prepared[f"{split}_{name}"] = own
    return prepared


def tokenize(text: str) -> list[str]:
    """The words of `text` in lower case, without punctuation."""
    return re.findall(r"[^\W_]+", text.lower())


def encode(texts: list[str], words: list[str], length: int = 0) -> np.ndarray:
    """`texts` as ids, int32 [N, length], by default of the longest.

    Raises `BadInput` for a text without a word, with one that `words` lacks, or with too many.
    """
    places = {word: place for place, word in enumerate(words, start=1)}
    tokens = [tokenize(text) for text in texts]
    ids = np.zeros((len(texts), length or max(map(len, tokens))), np.int32)
    for row, own in zip(ids, tokens, strict=True):
        if not own:
            raise BadInput("is empty; give it at least a word")
        if unknown := sorted(set(own) - places.keys()):
            raise BadInput(
                f"holds {', '.join(map(repr, unknown))}, which the model never saw; its words are "
                f"{', '.join(words)}"
            )
        if len(own) > len(row):
            raise BadInput(f"has {len(own):,} words, the model reads {len(row):,}; shorten it")
        row[: len(own)] = [places[word] for word in own]
    return ids


def facts(folder: Path) -> dict[str, Any]:
    """Arguments of a network's constructor: the lists and the lengths of the inputs, in words."""
    test = arrays.read(folder, KEY, "test")
    lists = {name: arrays.read_list(folder, KEY, name) for name in ("words", "answers")}
    return {**lists, **{f"{name}_length": test[name].shape[1] for name in INPUTS}}


def load(folder: Path, split: str) -> tuple[Arrays, Arrays]:
    """One split: ids `story` and `question`, int32 [N, words], and places `answer`, int32 [N]."""
    examples = arrays.read(folder, KEY, split)
    inputs = {name: examples[name].astype(np.int32) for name in INPUTS}
    return inputs, {"answer": examples["answer"].astype(np.int32)}


def batches(folder: Path, batch_size: int, seed: int) -> "Batches":
    """The training split for `fit`: shuffled each epoch, full batches of what `load` gives."""
    return arrays.shuffled_batches(load(folder, "train"), batch_size, seed)


def subsets(folder: Path, split: str) -> Arrays:
    """Which examples are measured by themselves, by the prefix of their metrics: bool [N]."""
    needed = arrays.read(folder, KEY, split)["facts"]
    return {"test_": needed == 1, "two_fact_": needed == 2}
