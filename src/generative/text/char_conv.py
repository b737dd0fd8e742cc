"""Causal dilated convolutions over characters (temporal convolutional network: Bai et al., 2018,
arXiv:1803.01271)."""

from typing import Annotated, Any, Unpack

from keras import layers, ops
from pydantic import Field

from generative.text.base.model import Options
from generative.text.base.model import State
from generative.text.base.model import TextModel

Tensor = Any


class CharConv(TextModel):
    """Residual blocks, each a convolution over the characters before, twice as far apart as those
    of the block before.

    width: channels.
    kernel_size: characters that a convolution sees.
    blocks: the last of them looks (kernel_size - 1) * 2 ** (blocks - 1) characters back.
    """

    def __init__(
        self,
        vocabulary: str,
        *,
        width: Annotated[int, Field(ge=1)],
        kernel_size: Annotated[int, Field(ge=2)],
        blocks: Annotated[int, Field(ge=1)],
        **options: Unpack[Options],
    ) -> None:
        super().__init__(vocabulary, **options)
        self.kernel_size = kernel_size
        self.dilations = [2**i for i in range(blocks)]
        self.context = 1 + (kernel_size - 1) * sum(self.dilations)
        self.embedding = layers.Embedding(len(vocabulary) + 1, width)
        self.norms = [layers.LayerNormalization(name=f"norm_{i}") for i in range(blocks + 1)]
        # A dilated convolution as one product of what it sees, side by side.
        self.convolutions = [
            layers.Dense(width, activation="gelu", name=f"convolution_{i}") for i in range(blocks)
        ]
        self.mixers = [layers.Dense(width, name=f"mixer_{i}") for i in range(blocks)]
        self.dropouts = [layers.Dropout(options["dropout"]) for _ in range(blocks)]
        self.readout = layers.Dense(len(vocabulary), dtype="float32", name="logits")
        # What each convolution will still look back at.
        self.build_state([((kernel_size - 1) * dilation, width) for dilation in self.dilations])

    def advance(self, ids: Tensor, state: State | None, training: bool) -> tuple[Tensor, State]:
        x, after, length = self.embedding(ids), [], ids.shape[1]
        for i, dilation in enumerate(self.dilations):
            back = (self.kernel_size - 1) * dilation
            seen = self.norms[i](x)
            if state:
                seen = ops.concatenate([state[i], seen], axis=1)
            else:
                seen = ops.pad(seen, [[0, 0], [back, 0], [0, 0]])
            after.append(seen[:, -back:])
            taps = [seen[:, k * dilation : k * dilation + length] for k in range(self.kernel_size)]
            y = self.convolutions[i](ops.concatenate(taps, axis=-1))
            x = x + self.mixers[i](self.dropouts[i](y, training=training))
        return self.readout(self.norms[-1](x)), after
