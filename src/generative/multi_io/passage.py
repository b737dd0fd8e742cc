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

# The least passage that `chollet2017` makes a feature of, without padding.
LEAST_LENGTH = 269

Array = np.ndarray


class Passage(MultiIOModel):
    """One input, three outputs.

    words: those that have an id, the first of them 1. length: of a passage, in words.
    year: the mean of the targets, where the output begins.
    embedding_size: of a word. width: channels of the first convolution; the others have twice as
        many. Chollet (2017) has 256 and 128.
    architecture: with `words` the heads get the means of the convolutions' features, and the means
        and the maxima of the embeddings: which words there are, in any order. With `chollet2017`
        they get the features' maxima through a layer of 128 units, no convolution is padded, and
        the output is the year itself. It takes passages of at least 269 words.
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
        architecture: Literal["words", "chollet2017"],
        dropout: Share,
        year_weight: Weight,
        genre_weight: Weight,
        edition_weight: Weight,
        **options: Unpack[Options],
    ) -> None:
        book = architecture == "chollet2017"
        if book and length < LEAST_LENGTH:
            raise BadInput(
                f"architecture: received {architecture!r}, which takes passages of {LEAST_LENGTH} "
                f"words or more; prepare.passages.length is {length}"
            )
        padding = "valid" if book else "same"
        passage = keras.Input((length,), dtype="int32", name="passage")
        embedded = layers.Embedding(len(words) + 1, embedding_size, name="embedding")(passage)
        x = layers.Conv1D(width, 5, activation="relu", padding=padding)(embedded)
        for _ in range(2):
            x = layers.MaxPooling1D(5, padding=padding)(x)
            for _ in range(2):
                x = layers.Conv1D(2 * width, 5, activation="relu", padding=padding)(x)
        if book:
            x = layers.GlobalMaxPooling1D(name="pooled")(x)
            x = layers.Dense(128, activation="relu", name="dense")(x)
        else:
            x = layers.GlobalAveragePooling1D(name="pooled")(x)
            mean = layers.GlobalAveragePooling1D(name="mean_of_words")(embedded)
            largest = layers.GlobalMaxPooling1D(name="largest_of_words")(embedded)
            x = layers.Concatenate(name="features_and_words")([x, mean, largest])
        x = layers.Dropout(dropout, name="dropout")(x)
        if book:
            years = layers.Dense(1, name="years", dtype="float32")(x)
        else:
            # In decades from the mean year: a step in the weights is then no step of a year or two.
            decades = layers.Dense(1, name="decades", dtype="float32")(x)
            years = layers.Rescaling(10.0, year, name="years", dtype="float32")(decades)
        heads = {
            "year": Head(years, "numeric", year_weight),
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
