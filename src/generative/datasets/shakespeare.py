"""A text as a stream of characters: by default Shakespeare's plays and poems.

The stream is cut into training, validation and test text before anything else, each in one piece:
windows that overlap, divided at random, would put most of the test text into the training data.

A character is its place in the vocabulary, counted from 1; 0 stands for no character: as an input
it marks the beginning of a text, as a target it is masked.
"""

import lzma
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from generative.core.errors import BadInput
from generative.core.params import Count
from generative.datasets.base import arrays
from generative.datasets.base.schema import Share

if TYPE_CHECKING:
    from generative.datasets.base.batches import Batches

KEY = "shakespeare"
START = 0
# Characters in a row of held-out text: many, for each row starts without context.
ROW = 2048

Case = Literal["kept", "lower"]
Windows = Literal["chunks", "last_character"]


def prepare(
    raw: Path, *, case: Case, validation_share: Share, test_share: Share
) -> dict[str, np.ndarray | list[str]]:
    """`{split}_ids` [N]; the `vocabulary`, every character of the text; and the
    bytes that LZMA adds for the test text to what it needs for the training text.

    `raw` is a UTF-8 file or a folder of them. The end of the text is the test text, what stands
    before it the validation text. Raises `BadInput` for what is no text, or too little of it.
    """
    text = read_text(raw, case)
    lengths = [int(len(text) * share) for share in (validation_share, test_share)]
    lengths.insert(0, len(text) - sum(lengths))
    if min(lengths) < 2:
        listed = ", ".join(f"{n} for {s}" for n, s in zip(lengths, arrays.SPLITS, strict=True))
        raise BadInput(
            f"prepare.{KEY}: of {len(text):,} characters the shares make {listed}; at least 2 each "
            "are needed: add text, or change validation_share or test_share"
        )
    ends = np.cumsum(lengths)
    train, test = text[: ends[0]], text[ends[1] :]
    vocabulary = sorted(set(text))
    ids = np.searchsorted(_code_points("".join(vocabulary)), _code_points(text)) + 1
    divided = {f"{s}_ids": own for s, own in arrays.divide(arrays.narrow(ids), lengths).items()}
    return {
        **divided,
        "vocabulary": vocabulary,
        "test_compressed_bytes": np.array(added_bytes(train, test)),
    }


def read_text(raw: Path, case: Case) -> str:
    """The text of `raw` in its `case`; raises `BadInput` for what is no text."""
    from generative.datasets.readers import texts

    try:
        text = texts.read(raw)
    except BadInput as error:
        raise BadInput(f"prepare.{KEY}.raw: {error}") from None
    return text.lower() if case == "lower" else text


def added_bytes(train: str, text: str) -> int:
    """Bytes that LZMA adds for `text` to what it needs for `train`."""

    def compressed_bytes(content: str) -> int:
        return len(lzma.compress(content.encode(), preset=9))

    return compressed_bytes(train + text) - compressed_bytes(train)


def _code_points(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def facts(
    folder: Path, *, windows: Windows, length: int, carried: int, step: int
) -> dict[str, Any]:
    """Arguments of a network's constructor: the `vocabulary`, as one str, and of `last_character`
    the `window`, in characters, for the network to write as it was trained."""
    vocabulary = "".join(arrays.read_list(folder, KEY, "vocabulary"))
    window = {"window": length} if windows == "last_character" else {}
    return {"vocabulary": vocabulary, **window}


def stream(folder: Path, split: str) -> np.ndarray:
    """One split in one piece: ids [N]."""
    return arrays.read(folder, KEY, split)["ids"]


def compressed_bits_per_character(folder: Path) -> float:
    """What LZMA, which knows the training text, needs for the test text."""
    test = arrays.read(folder, KEY, "test")
    return 8 * int(test["compressed_bytes"]) / len(test["ids"])


def load(
    folder: Path, split: str, *, windows: Windows, length: int, carried: int, step: int
) -> tuple[np.ndarray, np.ndarray]:
    """One split as inputs and targets, ids [rows, about 2048]; each row starts a text.

    The rows are the same whatever the options, so that models compare. Fewer characters than there
    are rows are cut off the end.
    """
    ids = stream(folder, split)
    rows = max(1, len(ids) // ROW)
    return _pairs(ids[: len(ids) // rows * rows].reshape(rows, -1))


def _pairs(targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets [rows, length]: the input of a character is the one before it, that of the
    first is `START`."""
    inputs = np.roll(targets, 1, axis=1)
    inputs[:, 0] = START
    return inputs, targets


def batches(
    folder: Path,
    batch_size: int,
    seed: int,
    *,
    windows: Windows,
    length: Count,
    carried: Count,
    step: Count,
) -> "Batches":
    """The training text for `fit`: batches of (inputs, targets), ids [batch, length].

    `chunks` cuts the text into passages of `carried` chunks and takes `batch_size` of them at a
    time, in random order: row r of a batch continues row r of the batch before until the passages
    end. An input of 0 marks the beginning of one.
    `last_character` (Chollet, 2017, section 8.1) takes windows of `length` characters, one every
    `step`, in random order; only the character behind a window is predicted, so all other targets
    are 0. Raises `BadInput` for a text too short for one batch.
    """
    import tensorflow as tf

    from generative.datasets.base.batches import gathered

    ids = stream(folder, "train")
    if windows == "last_character":
        count = len(range(0, len(ids) - length, step))
        _check(count, ids, batch_size, 1)
        text = tf.constant(ids)

        def window(number: Any, batch_seed: Any) -> tuple[Any, Any]:
            places = number[:, tf.newaxis] * step + tf.range(length + 1, dtype=tf.int64)
            characters = tf.gather(text, places)
            targets = tf.pad(characters[:, -1:], [[0, 0], [length - 1, 0]], constant_values=START)
            return characters[:, :-1], targets

        return gathered(count, batch_size, seed, window)

    passage = carried * length
    count = len(ids) // passage
    _check(count, ids, batch_size, passage)
    pairs = [
        tf.constant(side.reshape(count, carried, length))
        for side in _pairs(ids[: count * passage].reshape(count, -1))
    ]

    def chunks(numbers: Any, batch_seed: Any) -> tuple[Any, Any]:
        inputs, targets = (tf.gather(side, numbers) for side in pairs)
        return tf.transpose(inputs, (1, 0, 2)), tf.transpose(targets, (1, 0, 2))

    return gathered(count, batch_size, seed, chunks).unbatch(carried)


def _check(count: int, ids: np.ndarray, batch_size: int, length: int) -> None:
    """Raise `BadInput` if `count` pieces of `length` characters of `ids` make no batch."""
    if count < batch_size:
        raise BadInput(
            f"the training text has {len(ids):,} characters, too few for a batch of {batch_size} "
            f"times {length}; lower batch_size, data.carried or data.length, or add text"
        )
