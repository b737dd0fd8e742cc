"""Recurrent network over characters (Graves, 2013, arXiv:1308.0850), with LSTM or GRU cells."""

from typing import Annotated, Any, Literal, Unpack

from keras import layers
from pydantic import Field

from generative.text.base.model import Options
from generative.text.base.model import State
from generative.text.base.model import TextModel

Tensor = Any


class CharLSTM(TextModel):
    """Embedding, recurrent layers, one dense layer.

    cell: "lstm" (Hochreiter & Schmidhuber, 1997) or "gru" (Cho et al., 2014, arXiv:1406.1078).
    embedding_size: numbers that stand for a character.
    units, depth: of the recurrent layers, and how many.
    """

    def __init__(
        self,
        vocabulary: str,
        *,
        cell: Literal["lstm", "gru"],
        embedding_size: Annotated[int, Field(ge=1)],
        units: Annotated[int, Field(ge=1)],
        depth: Annotated[int, Field(ge=1)],
        **options: Unpack[Options],
    ) -> None:
        super().__init__(vocabulary, **options)
        kind, arrays = {"lstm": (layers.LSTM, 2), "gru": (layers.GRU, 1)}[cell]
        self.embedding = layers.Embedding(len(vocabulary) + 1, embedding_size)
        self.cells = [
            kind(units, return_sequences=True, return_state=True, name=f"{cell}_{i}")
            for i in range(depth)
        ]
        self.dropouts = [layers.Dropout(options["dropout"]) for _ in range(depth)]
        self.readout = layers.Dense(len(vocabulary), dtype="float32", name="logits")
        self.build_state([(units,)] * arrays * depth)

    def advance(self, ids: Tensor, state: State | None, training: bool) -> tuple[Tensor, State]:
        x, after = self.embedding(ids), []
        for i, (cells, dropout) in enumerate(zip(self.cells, self.dropouts, strict=True)):
            arrays = len(cells.cell.state_size) if isinstance(cells, layers.LSTM) else 1
            before = state[i * arrays : (i + 1) * arrays] if state else None
            x, *own = cells(x, initial_state=before)
            after += own
            x = dropout(x, training=training)
        return self.readout(x), after
