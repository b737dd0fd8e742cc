"""One stack of convolutions reads a passage; three heads say when it was written, of what genre it
is and in which spelling (after Chollet, 2017, section 7.1.3)."""

from typing import Literal, Unpack

import keras
import numpy as np
from keras import layers

from generative.datasets.passages import EDITIONS
from generative.datasets.passages import GENRES
from generative.datasets.passages import encoded
from generative.datasets.passages import tokens
from generative.core.errors import BadInput
from generative.multi_io.base.model import Count
from generative.multi_io.base.model import Graph
from generative.multi_io.base.model import Head
from generative.multi_io.base.model import Options
from generative.multi_io.base.model import Share
from generative.multi_io.base.model import Weight

Array = np.ndarray


class Passage(Graph):
    """One input, three outputs.

    words: those that have an id, the first of them 1. length: of a passage, in words.
    year: what guesses of the year begin with.
    embedding_size: of a word. width: channels of the first convolution; the others have twice as
        many. The source's are 256 and 128.
    pooling: of the convolutions' features over the passage; `max` is the source's.
    shortcut: with `words` the heads also see the mean and the largest of the embeddings: which
        words there are, whatever their order. With `none` they see the convolutions alone, through
        a layer of 128 units, as the source's do.
    dropout: of what the heads see.
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
            # Nearly the same in all passages: what differs is too little to learn from.
            x = layers.BatchNormalization(momentum=0.9, name="normalized")(x)
            x = layers.Dense(128, activation="relu", name="dense")(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        # In decades from the mean year: a step in the weights is then no step of a year or two.
        decades = layers.Dense(1, name="decades", dtype="float32")(x)
        heads = {
            "year": Head(
                layers.Rescaling(10.0, year, name="years", dtype="float32")(decades),
                "number",
                year_weight,
            ),
            "genre": Head(layers.Dense(len(GENRES), name="genre_logits")(x), "class", genre_weight),
            "edition": Head(layers.Dense(1, name="edition_logit")(x), "verdict", edition_weight),
        }
        super().__init__({"passage": passage}, heads, **options)
        self.answers = {"genre": GENRES, "edition": EDITIONS}
        self.words, self.length = list(words), length

    def read(self, *, text: str) -> dict[str, Array]:
        """The first `length` words of a text as ids [1, length]; a shorter one is repeated.

        Raises `BadInput` for a text without a word that the model knows.
        """
        ids = encoded(tokens(text), self.words)
        if not ids.any():
            raise BadInput(f"text: received {text!r}, which has no word that the model knows")
        return {"passage": np.resize(ids, (1, self.length))}

    def shown(self, inputs: dict[str, Array]) -> list[str]:
        """The words of each example, a dash for those without an id."""
        known = ["-", *self.words]
        return [" ".join(known[number] for number in row) for row in inputs["passage"]]
