"""A small decoder over characters (Vaswani et al., 2017, arXiv:1706.03762), norms first, and linear
biases in the place of positions (ALiBi: Press et al., 2022, arXiv:2108.12409)."""

from typing import Annotated, Any, Unpack

import numpy as np
from keras import layers, ops
from pydantic import Field

from generative.core.errors import BadInput
from generative.text.base.model import Options
from generative.text.base.model import State
from generative.text.base.model import TextModel

Tensor = Any
Count = Annotated[int, Field(ge=1)]


class CharTransformer(TextModel):
    """Blocks of attention and a dense layer; keys and values are kept, as in Transformer-XL (Dai et
    al., 2019, arXiv:1901.02860).

    width, heads, depth: channels, which the heads divide, and the number of blocks.
    context: each block looks at a character and at that many before it, however a text is cut.
    """

    def __init__(
        self,
        vocabulary: str,
        *,
        width: Count,
        heads: Count,
        depth: Count,
        context: Count,
        **options: Unpack[Options],
    ) -> None:
        if width % heads:
            raise BadInput(f"width: received {width}, must be a multiple of heads, {heads}")
        super().__init__(vocabulary, **options)
        self.width, self.heads = width, heads
        self.context = self.reach = context
        # Head h forgets with the slope 2 ** (-8 (h + 1) / heads).
        self.slopes = 2.0 ** (-8 * np.arange(1, heads + 1, dtype=np.float32) / heads)
        self.embedding = layers.Embedding(len(vocabulary) + 1, width)
        self.norms = [layers.LayerNormalization(name=f"norm_{i}") for i in range(2 * depth + 1)]
        self.queries = [layers.Dense(3 * width, name=f"queries_{i}") for i in range(depth)]
        self.mixers = [layers.Dense(width, name=f"mixer_{i}") for i in range(depth)]
        self.wide = [
            layers.Dense(4 * width, activation="relu", name=f"wide_{i}") for i in range(depth)
        ]
        self.narrow = [layers.Dense(width, name=f"narrow_{i}") for i in range(depth)]
        self.dropouts = [layers.Dropout(options["dropout"]) for _ in range(2 * depth)]
        self.readout = layers.Dense(len(vocabulary), dtype="float32", name="logits")
        # Which places of the context are filled, and each block's keys and values there.
        self.build_state([(context, 1), *[(context, 2 * width)] * depth])

    def advance(self, ids: Tensor, state: State | None, training: bool) -> tuple[Tensor, State]:
        x, length = self.embedding(ids), ids.shape[1]
        filled = ops.ones_like(x[..., :1])
        memory = self.reach if state else 0
        if state:
            filled = ops.concatenate([state[0], filled], axis=1)
        bias = self.bias(length, memory)
        # [batch, 1, 1, places]: nothing is looked for where there was no text.
        empty = 1 - ops.cast(ops.transpose(filled, (0, 2, 1))[:, None], "float32")
        bias, after = ops.subtract(bias, 1e9 * empty), [filled[:, -self.reach :]]
        for i, dropouts in enumerate(zip(self.dropouts[::2], self.dropouts[1::2], strict=True)):
            projected = self.queries[i](self.norms[2 * i](x))
            query, pairs = projected[..., : self.width], projected[..., self.width :]
            if state:
                pairs = ops.concatenate([state[i + 1], pairs], axis=1)
            after.append(pairs[:, -self.reach :])
            y = self.mixers[i](self.attention(query, pairs, bias))
            x = x + dropouts[0](y, training=training)
            y = self.narrow[i](self.wide[i](self.norms[2 * i + 1](x)))
            x = x + dropouts[1](y, training=training)
        return self.readout(self.norms[-1](x)), after

    def bias(self, length: int, memory: int) -> np.ndarray:
        """What is added to scores [heads, length, memory + length]: less the farther back, and
        next to minus infinity for what follows and for what lies beyond the context."""
        distance = memory + np.arange(length)[:, None] - np.arange(memory + length)
        seen = (distance >= 0) & (distance <= self.reach)
        bias = np.where(seen, -self.slopes[:, None, None] * distance, -1e9)
        return bias.astype(np.float32)

    def attention(self, query: Tensor, pairs: Tensor, bias: Tensor) -> Tensor:
        """query [batch, length, width], keys and values [batch, places, 2 width], bias, to which
        scores [batch, heads, length, places] broadcast: [batch, length, width]."""

        def by_head(x: Tensor) -> Tensor:
            split = ops.reshape(x, (-1, x.shape[1], self.heads, self.width // self.heads))
            return ops.transpose(split, (0, 2, 1, 3))

        query = by_head(query)
        key, value = by_head(pairs[..., : self.width]), by_head(pairs[..., self.width :])
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))
        scores = ops.cast(scores, "float32") * (self.width // self.heads) ** -0.5 + bias
        shares = ops.cast(ops.softmax(scores), value.dtype)
        mixed = ops.transpose(ops.matmul(shares, value), (0, 2, 1, 3))
        return ops.reshape(mixed, (-1, mixed.shape[1], self.width))
