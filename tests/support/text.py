"""Small text models, one of each kind of network."""

from typing import Any

import keras

from generative.core import members
from generative.text.base.model import TextModel

VOCABULARY = "abcdefghijklmnopqrstuvwxyz"
OPTIONS: dict[str, Any] = {
    "dropout": 0.0,
    "optimizer": {"class_name": "Adam", "config": {"global_clipnorm": 1.0}},
    "learning_rate": 0.01,
    "learning_rate_decay": "none",
    "snapshot_prompt": "fixed",
}
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "lstm": ("text/char_lstm", {"cell": "lstm", "embedding_size": 4, "units": 8, "depth": 2}),
    "one_hot": ("text/char_lstm", {"cell": "lstm", "embedding_size": 0, "units": 8, "depth": 1}),
    "gru": ("text/char_lstm", {"cell": "gru", "embedding_size": 4, "units": 8, "depth": 1}),
    "conv": ("text/char_conv", {"width": 8, "kernel_size": 3, "blocks": 3}),
    "transformer": ("text/char_transformer", {"width": 8, "heads": 2, "depth": 2, "context": 6}),
}
# How a text is cut for training.
WINDOWS = {"windows": "chunks", "length": 16, "carried": 3, "step": 3}


def build(name: str, vocabulary: str = VOCABULARY, **changes: Any) -> TextModel:
    """The network `name`, the same in each process; `changes` go over its arguments."""
    keras.utils.set_random_seed(1)
    network, arguments = NETWORKS[name]
    model: TextModel = members.network(network)(vocabulary, **{**arguments, **OPTIONS, **changes})
    return model
