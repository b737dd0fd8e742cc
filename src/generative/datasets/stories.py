"""Generated stories, each with a question about it and its answer, one word.

Stories take one fact of them to be answered, or two. No story is in two splits. A word is its place
in the list `words`, counted from 1; 0 fills stories up to their length. An answer is its place in
the list `answers`.
"""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from generative import arrays
from generative.errors import BadInput, unknown

if TYPE_CHECKING:
    import tensorflow as tf

KEY = "stories"
INPUTS, TARGETS = ("story", "question"), ("answer",)
# Stories that are drawn before it is said that there are too few different ones.
ATTEMPTS = 20

Arrays = dict[str, np.ndarray]


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

    from generative.reading import stories

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
    columns = {name: encoded([getattr(row, name) for row in rows], words) for name in INPUTS}
    columns["answer"] = np.array([answers.index(row.answer) for row in rows])
    columns["facts"] = np.array([row.facts for row in rows])
    for name, column in columns.items():
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
    with np.load(_existing(folder / f"{KEY}.npz")) as prepared:
        lengths = {f"{name}_length": prepared[f"test_{name}"].shape[1] for name in INPUTS}
    lists = {
        name: json.loads(_existing(folder / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("words", "answers")
    }
    return {**lists, **lengths}


def load(folder: Path, split: str) -> tuple[Arrays, Arrays]:
    """One split: ids `story` and `question`, int32 [N, words], and places `answer`, int32 [N]."""
    if split not in arrays.SPLITS:
        raise unknown("split", split, arrays.SPLITS)
    with np.load(_existing(folder / f"{KEY}.npz")) as prepared:
        inputs = {name: prepared[f"{split}_{name}"].astype(np.int32) for name in INPUTS}
        targets = {name: prepared[f"{split}_{name}"].astype(np.int32) for name in TARGETS}
    return inputs, targets


def batches(folder: Path, batch_size: int, seed: int) -> "tf.data.Dataset":
    """The training split for `fit`: shuffled each epoch, full batches of what `load` gives."""
    import tensorflow as tf

    data = load(folder, "train")
    count = len(data[1]["answer"])
    order = tf.data.Dataset.from_tensor_slices(data).shuffle(count, seed=seed)
    return order.batch(batch_size, drop_remainder=True).prefetch(2)


def parts(folder: Path, split: str) -> dict[str, np.ndarray]:
    """Which examples are measured by themselves, and what their metrics begin with: bool [N]."""
    with np.load(_existing(folder / f"{KEY}.npz")) as prepared:
        needed = prepared[f"{split}_facts"]
    return {"test_": needed == 1, "two_fact_": needed == 2}


def _existing(file: Path) -> Path:
    if not file.exists():
        raise BadInput(f"{file} is missing; run dvc repro prepare@{KEY}")
    return file
