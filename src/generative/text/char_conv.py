"""Causal dilated convolutions over characters (temporal convolutional network: Bai et al., 2018,
arXiv:1803.01271)."""

from typing import Annotated, Any, Unpack

from keras import layers, ops
from pydantic import Field

from generative.core.params import Count
from generative.text.base.model import Options, State, TextModel

Tensor = Any


class CharConv(TextModel):
    """Residual blocks, each a causal convolution with twice the dilation of the block before.

    width: channels.
    kernel_size: of each convolution, in characters.
    blocks: the last of them looks (kernel_size - 1) * 2 ** (blocks - 1) characters back.
    """

    def __init__(
        self,
        vocabulary: str,
        window: int | None = None,
        *,
        width: Count,
        kernel_size: Annotated[int, Field(ge=2)],
        blocks: Count,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(vocabulary, window, **options)
        self.kernel_size = kernel_size
        self.dilations = [2**i for i in range(blocks)]
        self.context = 1 + (kernel_size - 1) * sum(self.dilations)
        self.embedding = layers.Embedding(len(vocabulary) + 1, width)
        self.norms = [layers.LayerNormalization(name=f"norm_{i}") for i in range(blocks + 1)]
        # A dilated convolution as one product of its inputs side by side.
        self.convolutions = [
            layers.Dense(width, activation="gelu", name=f"convolution_{i}") for i in range(blocks)
        ]
        self.pointwise = [layers.Dense(width, name=f"pointwise_{i}") for i in range(blocks)]
        self.dropouts = [layers.Dropout(options["dropout"]) for _ in range(blocks)]
        self.readout = layers.Dense(len(vocabulary), dtype="float32", name="logits")
        # The last inputs of each convolution.
        self.build_state([((kernel_size - 1) * dilation, width) for dilation in self.dilations])

    def advance(self, ids: Tensor, state: State | None, training: bool) -> tuple[Tensor, State]:
        x, new_state, length = self.embedding(ids), [], ids.shape[1]
        for i, dilation in enumerate(self.dilations):
            back = (self.kernel_size - 1) * dilation
            inputs = self.norms[i](x)
            if state:
                inputs = ops.concatenate([state[i], inputs], axis=1)
            else:
                inputs = ops.pad(inputs, [[0, 0], [back, 0], [0, 0]])
            new_state.append(inputs[:, -back:])
            # Its gradient is a tenth of the work of that of inputs[:, a:b].
            taps = [
                ops.slice(inputs, (0, k * dilation, 0), (-1, length, -1))
                for k in range(self.kernel_size)
            ]
            y = self.convolutions[i](ops.concatenate(taps, axis=-1))
            x = x + self.pointwise[i](self.dropouts[i](y, training=training))
        return self.readout(self.norms[-1](x)), new_state
