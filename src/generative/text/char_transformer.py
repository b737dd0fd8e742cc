"""A small decoder over characters (Vaswani et al., 2017, arXiv:1706.03762), norms first, and linear
biases in the place of positions (ALiBi: Press et al., 2022, arXiv:2108.12409)."""

from typing import Any, Unpack

import numpy as np
from keras import layers, ops

from generative.core.errors import BadInput
from generative.core.params import Count
from generative.text.base.model import Options, State, TextModel

Tensor = Any


class CharTransformer(TextModel):
    """Blocks of attention and a feed-forward network; the state holds keys and values, as in
    Transformer-XL (Dai et al., 2019, arXiv:1901.02860).

    width, heads, depth: channels, which the heads divide, and the number of blocks.
    context: each block attends to a character and to that many before it, whatever the segments.
    """

    context: int

    def __init__(
        self,
        vocabulary: str,
        window: int | None = None,
        *,
        width: Count,
        heads: Count,
        depth: Count,
        context: Count,
        **options: Unpack[Options],
    ) -> None:
        if width % heads:
            raise BadInput(f"width: received {width}, must be a multiple of heads, {heads}")
        super().__init__(vocabulary, window, **options)
        self.width, self.heads = width, heads
        self.context = context
        # The bias of head h falls by 2 ** (-8 (h + 1) / heads) a character.
        self.slopes = 2.0 ** (-8 * np.arange(1, heads + 1, dtype=np.float32) / heads)
        self.embedding = layers.Embedding(len(vocabulary) + 1, width)
        self.norms = [layers.LayerNormalization(name=f"norm_{i}") for i in range(2 * depth + 1)]
        self.query_key_value = [
            layers.Dense(3 * width, name=f"query_key_value_{i}") for i in range(depth)
        ]
        self.attention_output = [
            layers.Dense(width, name=f"attention_output_{i}") for i in range(depth)
        ]
        self.feed_forward_hidden = [
            layers.Dense(4 * width, activation="relu", name=f"feed_forward_hidden_{i}")
            for i in range(depth)
        ]
        self.feed_forward_output = [
            layers.Dense(width, name=f"feed_forward_output_{i}") for i in range(depth)
        ]
        self.dropouts = [layers.Dropout(options["dropout"]) for _ in range(2 * depth)]
        self.readout = layers.Dense(len(vocabulary), dtype="float32", name="logits")
        # A mask of the positions of the context that hold a character, and each block's keys and
        # values there.
        self.build_state([(context, 1), *[(context, 2 * width)] * depth])

    def advance(self, ids: Tensor, state: State | None, training: bool) -> tuple[Tensor, State]:
        x, length = self.embedding(ids), ids.shape[1]
        mask = ops.ones_like(x[..., :1])
        memory = self.context if state else 0
        if state:
            mask = ops.concatenate([state[0], mask], axis=1)
        bias = self.bias(length, memory)
        # [batch, 1, 1, positions]: nothing attends to positions before the beginning of the text.
        empty = 1 - ops.cast(ops.transpose(mask, (0, 2, 1))[:, None], "float32")
        bias, new_state = ops.subtract(bias, 1e9 * empty), [mask[:, -self.context :]]
        for i, dropouts in enumerate(zip(self.dropouts[::2], self.dropouts[1::2], strict=True)):
            projected = self.query_key_value[i](self.norms[2 * i](x))
            query, key_value = ops.split(projected, [self.width], axis=-1)
            if state:
                key_value = ops.concatenate([state[i + 1], key_value], axis=1)
            new_state.append(key_value[:, -self.context :])
            y = self.attention_output[i](self.attention(query, key_value, bias))
            x = x + dropouts[0](y, training=training)
            y = self.feed_forward_hidden[i](self.norms[2 * i + 1](x))
            x = x + dropouts[1](self.feed_forward_output[i](y), training=training)
        return self.readout(self.norms[-1](x)), new_state

    def bias(self, length: int, memory: int) -> np.ndarray:
        """The bias of scores, float32 [heads, length, memory + length]: it falls with the distance,
        and is next to minus infinity for later characters and for those beyond the context."""
        distance = memory + np.arange(length)[:, None] - np.arange(memory + length)
        visible = (distance >= 0) & (distance <= self.context)
        bias = np.where(visible, -self.slopes[:, None, None] * distance, -1e9)
        return bias.astype(np.float32)

    def attention(self, query: Tensor, key_value: Tensor, bias: Tensor) -> Tensor:
        """Attention of several heads: [batch, length, width].

        query: [batch, length, width]. key_value: keys and values side by side, [batch, positions,
        2 width]. bias: broadcasts to the scores [batch, heads, length, positions].
        """

        def by_head(x: Tensor) -> Tensor:
            split = ops.reshape(x, (-1, x.shape[1], self.heads, self.width // self.heads))
            return ops.transpose(split, (0, 2, 1, 3))

        query = by_head(query)
        key, value = (by_head(x) for x in ops.split(key_value, 2, axis=-1))
        scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))
        scores = ops.cast(scores, "float32") * (self.width // self.heads) ** -0.5 + bias
        weights = ops.cast(ops.softmax(scores), value.dtype)
        attended = ops.transpose(ops.matmul(weights, value), (0, 2, 1, 3))
        return ops.reshape(attended, (-1, attended.shape[1], self.width))
