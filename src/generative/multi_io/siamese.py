"""One recurrent network for two lines, and a comparison of its features (Bromley et al., 1993)."""

from typing import Unpack

import keras
import numpy as np
from keras import layers, ops

from generative.core.errors import BadInput, shown
from generative.core.params import Count
from generative.datasets.lines import encode
from generative.multi_io.base.model import Head, MultiIOModel, Options, Share

Array = np.ndarray


class Siamese(MultiIOModel):
    """Are two lines the same? The same layers, and so the same weights, read both.

    The comparison is symmetric in the two, whatever the weights: |a - b| and a b.

    characters: those that have an id, the first of them 1. length: of a line, longer ones are cut.
    embedding_size, units: of a character, and of the LSTM. dropout: of the comparison.
    """

    def __init__(
        self,
        characters: list[str],
        length: int,
        *,
        embedding_size: Count,
        units: Count,
        dropout: Share,
        **options: Unpack[Options],
    ) -> None:
        embedding = layers.Embedding(
            len(characters) + 1, embedding_size, mask_zero=True, name="embedding"
        )
        encoder = layers.LSTM(units, name="encoder")
        inputs = {n: keras.Input((length,), dtype="int32", name=n) for n in ("line", "other")}
        a, b = (encoder(embedding(line)) for line in inputs.values())
        x = layers.Concatenate(name="compared")([ops.absolute(a - b), a * b])
        x = layers.Dropout(dropout, name="dropout")(x)
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
