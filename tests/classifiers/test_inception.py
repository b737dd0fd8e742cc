from typing import Any

import keras
import pytest
from keras import layers

from generative.classifiers.inception import chollet2017, szegedy2015
from tests.support.classifiers import build_classifier as build


def test_the_branches_are_concatenated() -> None:
    for block in (szegedy2015, chollet2017):
        assert block(keras.Input((14, 14, 8)), 5).shape == (None, 7, 7, 20)
        assert block(keras.Input((7, 7, 8)), 5).shape == (None, 4, 4, 20)


def test_the_books_modules_stand_on_the_image_without_batch_normalisation() -> None:
    model = build("inception", architecture="chollet2017", width=2, blocks=2)
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    assert len(convolutions) == 2 * (1 + 2 + 1 + 3)
    assert sorted({layer.filters for layer in convolutions}) == [2, 4]
    assert all(layer.activation.__name__ == "relu" and layer.use_bias for layer in convolutions)
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in model.layers)
    assert model.get_layer("features").output.shape == (None, 4 * 4)


def test_without_padding_the_books_branches_are_of_four_sizes() -> None:
    """As it is listed, the module cannot be built."""

    def convolve(x: Any, size: int, strides: int = 1) -> Any:
        return layers.Conv2D(128, size, activation="relu", strides=strides)(x)

    x = keras.Input((28, 28, 1))
    a = convolve(x, 1, strides=2)
    b = convolve(convolve(x, 1), 3, strides=2)
    c = convolve(layers.AveragePooling2D(3, strides=2)(x), 3)
    d = convolve(convolve(convolve(x, 1), 3), 3, strides=2)
    assert [branch.shape[1] for branch in (a, b, c, d)] == [14, 13, 11, 12]
    with pytest.raises(ValueError, match="matching shapes except for the concatenation axis"):
        layers.concatenate([a, b, c, d], axis=-1)
