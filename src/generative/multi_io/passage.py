"""Convolutions over a passage, and three heads: when it was written, of what genre it is and in
which spelling (after Chollet, 2017, section 7.1.3)."""

from typing import Literal, Unpack

import keras
import numpy as np
from keras import layers

from generative.core.errors import BadInput, shown
from generative.core.params import Count
from generative.datasets.passages import EDITIONS, GENRES, encode, tokenize
from generative.multi_io.base.model import Head, MultiIOModel, Options, Share, Weight

Array = np.ndarray


class Passage(MultiIOModel):
    """One input, three outputs.

    words: those that have an id, the first of them 1. length: of a passage, in words.
    year: the mean of the targets, where the output begins.
    embedding_size: of a word. width: channels of the first convolution; the others have twice as
        many. Chollet (2017) has 256 and 128.
    pooling: of the convolutions' features over the passage; Chollet (2017) has `max`.
    shortcut: with `words` the heads also get the mean and the maximum of the embeddings: which
        words there are, in any order. With `none` they get the convolutions' features alone,
        through a layer of 128 units, as in Chollet (2017).
    dropout: of the heads' inputs.
    year_weight, genre_weight, edition_weight: of the squared error in years, and of the entropies.
    """

    def __init__(
        self,
        words: list[str],
        length: int,
        year: float,
        *,
        embedding_size: Count,
        width: Count,
        pooling: Literal["max", "average"],
        shortcut: Literal["words", "none"],
        dropout: Share,
        year_weight: Weight,
        genre_weight: Weight,
        edition_weight: Weight,
        **options: Unpack[Options],
    ) -> None:
        passage = keras.Input((length,), dtype="int32", name="passage")
        embedded = layers.Embedding(len(words) + 1, embedding_size, name="embedding")(passage)
        x = layers.Conv1D(width, 5, activation="relu", padding="same")(embedded)
        x = layers.MaxPooling1D(5, padding="same")(x)
        for _ in range(2):
            x = layers.Conv1D(2 * width, 5, activation="relu", padding="same")(x)
        x = layers.MaxPooling1D(5, padding="same")(x)
        for _ in range(2):
            x = layers.Conv1D(2 * width, 5, activation="relu", padding="same")(x)
        pool = layers.GlobalMaxPooling1D if pooling == "max" else layers.GlobalAveragePooling1D
        x = pool(name="pooled")(x)
        if shortcut == "words":
            mean = layers.GlobalAveragePooling1D(name="mean_of_words")(embedded)
            largest = layers.GlobalMaxPooling1D(name="largest_of_words")(embedded)
            x = layers.Concatenate(name="features_and_words")([x, mean, largest])
        else:
            # The features hardly vary between passages: too little to learn from.
            x = layers.BatchNormalization(momentum=0.9, name="normalized")(x)
            x = layers.Dense(128, activation="relu", name="dense")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        # In decades from the mean year: a step in the weights is then no step of a year or two.
        decades = layers.Dense(1, name="decades", dtype="float32")(x)
        heads = {
            "year": Head(
                layers.Rescaling(10.0, year, name="years", dtype="float32")(decades),
                "numeric",
                year_weight,
            ),
            "genre": Head(
                layers.Dense(len(GENRES), name="genre_logits")(x), "categorical", genre_weight
            ),
            "edition": Head(layers.Dense(1, name="edition_logit")(x), "binary", edition_weight),
        }
        super().__init__({"passage": passage}, heads, **options)
        self.class_names = {"genre": GENRES, "edition": EDITIONS}
        self.words, self.length = list(words), length

    def parse_inputs(self, *, text: str) -> dict[str, Array]:
        """The first `length` words of a text as ids [1, length]; a shorter one is repeated.

        Raises `BadInput` for a text without any of `words`.
        """
        ids = encode(tokenize(text), self.words)
        if not ids.any():
            raise BadInput(f"text: received {shown(text)}, which has no word that the model knows")
        return {"passage": np.resize(ids, (1, self.length))}

    def display(self, inputs: dict[str, Array]) -> list[str]:
        """The words of each example, a dash for those without an id."""
        words = ["-", *self.words]
        return [" ".join(words[number] for number in row) for row in inputs["passage"]]
