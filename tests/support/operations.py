"""Which operations TensorFlow makes, and which of them raise under op determinism on a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.framework import config, op_callbacks

# What TensorFlow 2.21 answers on a GPU with "unimplemented" under op determinism: the messages are
# in its library, with the attribute that decides, where one does. The segment reductions and the
# filter gradient of a depthwise convolution, whose messages are there too, are deterministic on
# Linux with cuDNN from 7.6.3 on (pull requests 51392 and 55657).
RAISES: dict[str, tuple[str, Any] | None] = {
    "AdjustContrast": None,
    "AdjustContrastv2": None,
    "Bincount": None,
    "CropAndResizeGradBoxes": None,
    "CropAndResizeGradImage": None,
    "DenseBincount": None,
    "Dilation2DBackpropFilter": None,
    "Dilation2DBackpropInput": None,
    "FakeQuantWithMinMaxVarsGradient": None,
    "FakeQuantWithMinMaxVarsPerChannelGradient": None,
    "FusedBatchNormGrad": ("is_training", False),
    "FusedBatchNormGradV2": ("is_training", False),
    "FusedBatchNormGradV3": ("is_training", False),
    "MaxPoolGradWithArgmax": None,
    "RaggedBincount": None,
    "ResizeNearestNeighborGrad": None,
    "SoftmaxCrossEntropyWithLogits": None,
    "SparseBincount": None,
    "SparseSoftmaxCrossEntropyWithLogits": None,
    "SparseTensorDenseMatMul": None,
    "Timestamp": None,
}


class Operation(NamedTuple):
    """An operation by its name, and whether it raises."""

    name: str
    raises: bool


@contextmanager
def census() -> Iterator[set[Operation]]:
    """All operations that are made meanwhile, in graphs, their gradients and outside of them, with
    op determinism on, as TensorFlow then makes others."""
    found: set[Operation] = set()

    def note(kind: str, _: Any, attributes: Any, *rest: Any, **names: Any) -> None:
        # A tuple of names and values in turn.
        values = dict(zip(attributes[::2], attributes[1::2], strict=False)) if attributes else {}
        condition = RAISES.get(kind)
        if condition:
            name, bad = condition
            value = values.get(name, values.get(name.encode()))
            found.add(Operation(kind, bool(getattr(value, "b", value)) == bad))
        else:
            found.add(Operation(kind, kind in RAISES))

    tf.config.experimental.enable_op_determinism()
    op_callbacks.add_op_callback(note)
    try:
        yield found
    finally:
        op_callbacks.remove_op_callback(note)
        config.disable_op_determinism()
