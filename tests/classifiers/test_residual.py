from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from generative.classifiers.residual import chollet2017, he2016
from tests.support.classifiers import build_classifier as build


@pytest.mark.parametrize("block", [he2016, chollet2017])
def test_a_block_with_no_change_passes_its_input_on(block: Callable[..., Any]) -> None:
    inputs = keras.Input((7, 7, 4))
    model = keras.Model(inputs, block(inputs, 4, projected=False))
    last = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)][-1]
    last.set_weights([np.zeros_like(weight) for weight in last.get_weights()])
    # Also where it is negative: no activation comes after the sum.
    given = np.random.default_rng(1).normal(size=(2, 7, 7, 4)).astype(np.float32)
    np.testing.assert_array_equal(model(given), given)


@pytest.mark.parametrize("side", [14, 7])
@pytest.mark.parametrize("block", [he2016, chollet2017])
def test_a_projected_block_halves_the_image(block: Callable[..., Any], side: int) -> None:
    half = (side + 1) // 2
    assert block(keras.Input((side, side, 4)), 6, projected=True).shape == (None, half, half, 6)


def test_the_layers_of_the_books_blocks() -> None:
    model = build("residual", architecture="chollet2017", width=2, stages=1, identities=1)
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in model.layers)
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    found = [(n.kernel_size[0], n.strides[0], n.activation.__name__) for n in convolutions]
    stem, shortcut, inner = (3, 2, "linear"), (1, 2, "linear"), (3, 1, "relu")
    assert sorted(found) == sorted([stem, shortcut, *[inner] * (2 + 3)])
    (pooling,) = (layer for layer in model.layers if isinstance(layer, layers.MaxPooling2D))
    assert (pooling.pool_size, pooling.strides) == ((2, 2), (2, 2))
