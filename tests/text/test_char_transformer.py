from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.text.char_transformer import CharTransformer

ARGUMENTS: dict[str, Any] = {
    "vocabulary": "abcd",
    "width": 8,
    "heads": 2,
    "depth": 1,
    "context": 3,
    "dropout": 0.0,
    "optimizer": {"class_name": "Adam", "config": {"global_clipnorm": 1.0}},
    "learning_rate": 0.01,
    "learning_rate_decay": "none",
    "snapshot_prompt": "fixed",
}


@pytest.fixture(scope="module")
def model() -> CharTransformer:
    keras.utils.set_random_seed(1)
    return CharTransformer(**ARGUMENTS)


def test_bias_falls_with_distance_within_the_context(model: CharTransformer) -> None:
    """Slopes 2 ** -4 and 2 ** -8; two new characters after three of the state."""
    bias = model.bias(2, 3)
    far = -1e9
    expected = np.array([[-3, -2, -1, 0, far], [far, -3, -2, -1, 0]], np.float32)
    for head, slope in enumerate((2**-4, 2**-8)):
        scaled = np.where(expected == far, far, slope * expected)
        np.testing.assert_array_equal(bias[head], scaled.astype(np.float32))


def test_attention_is_that_of_each_head_alone(model: CharTransformer) -> None:
    generator = np.random.default_rng(0)
    query, key_value = (
        generator.normal(size=(2, n, w)).astype(np.float32) for n, w in ((3, 8), (5, 16))
    )
    bias = generator.normal(size=(2, 3, 5)).astype(np.float32)
    mixed = model.attention(tf.constant(query), tf.constant(key_value), bias).numpy()
    for head in range(2):
        own = slice(4 * head, 4 * head + 4)
        keys, values = key_value[..., :8][..., own], key_value[..., 8:][..., own]
        scores = np.einsum("bqd,bkd->bqk", query[..., own], keys) / np.sqrt(4) + bias[head]
        shares = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        np.testing.assert_allclose(mixed[..., own], shares @ values, atol=1e-5)
