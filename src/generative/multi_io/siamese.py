"""One recurrent network for two lines, and a comparison of its features (Bromley et al., 1993)."""

from typing import Annotated, Literal, Unpack

import keras
import numpy as np
from keras import layers, ops
from pydantic import Field

from generative.core.errors import BadInput, shown
from generative.core.params import Count
from generative.datasets.lines import encode
from generative.multi_io.base.model import Head, MultiIOModel, Options, Share

Array = np.ndarray


class Siamese(MultiIOModel):
    """Are two lines the same? The same layers, and so the same weights, read both.

    characters: those that have an id, the first of them 1. length: of a line, longer ones are cut.
    embedding_size: of a character; with 0 it is a one-hot vector, as the inputs of Chollet (2017,
        section 7.1.5) are vectors.
    units: of the LSTM, and of the dense layer over the comparison.
    comparison: `symmetric` in the two, whatever the weights: |a - b| and a b. With `concatenation`
        a and b go straight to the output (Chollet): the logit is a sum of a term of each line,
        which the order changes and which does not compare them.
    dropout: of the comparison.
    """

    def __init__(
        self,
        characters: list[str],
        length: int,
        *,
        embedding_size: Annotated[int, Field(ge=0, lt=2**31)],
        units: Count,
        comparison: Literal["symmetric", "concatenation"],
        dropout: Share,
        **options: Unpack[Options],
    ) -> None:
        ids = len(characters) + 1
        # One-hot vectors are an embedding that does not learn, and masks the padding as any other.
        embedding = layers.Embedding(
            ids,
            embedding_size or ids,
            embeddings_initializer="uniform" if embedding_size else "identity",
            trainable=embedding_size > 0,
            mask_zero=True,
            name="embedding",
        )
        encoder = layers.LSTM(units, name="encoder")
        inputs = {n: keras.Input((length,), dtype="int32", name=n) for n in ("line", "other")}
        a, b = (encoder(embedding(line)) for line in inputs.values())
        parts = [ops.absolute(a - b), a * b] if comparison == "symmetric" else [a, b]
        x = layers.Concatenate(name="compared")(parts)
        x = layers.Dropout(dropout, name="dropout")(x)
        if comparison == "symmetric":
            x = layers.Dense(units, activation="relu", name="dense")(x)
        x = layers.Dense(1, name="logit")(x)
        super().__init__(inputs, {"same": Head(x, "binary")}, **options)
        self.class_names = {"same": ("another line", "the same line")}
        self.characters, self.length = list(characters), length

    def parse_inputs(self, *, line: str, other: str) -> dict[str, Array]:
        """Two lines as ids [1, length]; `BadInput` for one without any of `characters`."""
        inputs = {}
        for name, text in (("line", line), ("other", other)):
            inputs[name] = encode([text], self.characters, self.length)
            if not inputs[name].any():
                raise BadInput(
                    f"{name}: received {shown(text)}, which has no character of the plays"
                )
        return inputs

    def display(self, inputs: dict[str, Array]) -> list[str]:
        """Both lines of each example, one under the other."""
        texts = [
            ["".join(self.characters[number - 1] for number in row if number) for row in rows]
            for rows in (inputs["line"], inputs["other"])
        ]
        return [f"{line}\n{other}" for line, other in zip(*texts, strict=True)]
