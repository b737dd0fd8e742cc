"""Recurrent network over characters (Graves, 2013, arXiv:1308.0850), with LSTM or GRU cells."""

from typing import Any, Literal, Unpack

from keras import layers, ops

from generative.core.params import Count, NonNegative
from generative.text.base import lstm
from generative.text.base.model import Options, State, TextModel

Tensor = Any


class CharLSTM(TextModel):
    """Characters as vectors, recurrent layers, one dense layer.

    cell: "lstm" (Hochreiter & Schmidhuber, 1997) or "gru" (Cho et al., 2014, arXiv:1406.1078).
    embedding_size: of a character; with 0 characters are one-hot, as in Chollet (2017), and `START`
        is all zeros.
    units, depth: of the recurrent layers, and how many.
    """

    def __init__(
        self,
        vocabulary: str,
        window: int | None = None,
        *,
        cell: Literal["lstm", "gru"],
        embedding_size: NonNegative,
        units: Count,
        depth: Count,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(vocabulary, window, **options)
        layer, self.arrays_per_layer = {"lstm": (layers.LSTM, 2), "gru": (layers.GRU, 1)}[cell]
        characters = len(vocabulary) + 1
        self.embedding = layers.Embedding(characters, embedding_size) if embedding_size else None
        self.recurrent = [
            layer(units, return_sequences=True, return_state=True, name=f"{cell}_{i}")
            for i in range(depth)
        ]
        self.dropouts = [layers.Dropout(options["dropout"]) for _ in range(depth)]
        self.readout = layers.Dense(len(vocabulary), dtype="float32", name="logits")
        self.build_state([(units,)] * self.arrays_per_layer * depth)

    def vectors(self, ids: Tensor) -> Tensor:
        """The characters `ids` as vectors [batch, length, features]."""
        if self.embedding:
            return self.embedding(ids)
        return ops.one_hot(ids - 1, len(self.vocabulary), dtype=self.compute_dtype)

    def advance(self, ids: Tensor, state: State | None, training: bool) -> tuple[Tensor, State]:
        x, new_state = self.vectors(ids), []
        for i, (recurrent, dropout) in enumerate(zip(self.recurrent, self.dropouts, strict=True)):
            own = slice(i * self.arrays_per_layer, (i + 1) * self.arrays_per_layer)
            if training and state and isinstance(recurrent, layers.LSTM):
                x, *after = lstm.outputs_and_state(recurrent, x, *state[own])
            else:
                x, *after = recurrent(x, initial_state=state[own] if state else None)
            new_state += after
            x = dropout(x, training=training)
        return self.readout(x), new_state
