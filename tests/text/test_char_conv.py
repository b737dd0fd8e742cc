from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from generative.text.char_conv import CharConv

ARGUMENTS: dict[str, Any] = {
    "vocabulary": "abcd",
    "width": 6,
    "dropout": 0.0,
    "optimizer": {"class_name": "Adam", "config": {"global_clipnorm": 1.0}},
    "learning_rate": 0.01,
    "learning_rate_decay": "none",
    "snapshot_prompt": "fixed",
}


@pytest.mark.parametrize(("kernel_size", "blocks", "context"), [(2, 1, 2), (3, 3, 15), (2, 8, 256)])
def test_context_is_the_receptive_field(kernel_size: int, blocks: int, context: int) -> None:
    assert CharConv(kernel_size=kernel_size, blocks=blocks, **ARGUMENTS).context == context


def test_a_block_is_keras_dilated_causal_convolution() -> None:
    keras.utils.set_random_seed(1)
    model = CharConv(kernel_size=3, blocks=2, **ARGUMENTS)
    ids = np.random.default_rng(0).integers(0, 5, (2, 20))
    x = model.embedding(ids)
    for i, dilation in enumerate((1, 2)):
        same = layers.Conv1D(6, 3, dilation_rate=dilation, padding="causal", activation="gelu")
        same.build(x.shape)
        dense = model.convolutions[i]
        same.set_weights([tf.reshape(dense.kernel, (3, 6, 6)), dense.bias])
        x = x + model.pointwise[i](same(model.norms[i](x)))
    np.testing.assert_allclose(model(ids), model.readout(model.norms[-1](x)), atol=1e-5)
