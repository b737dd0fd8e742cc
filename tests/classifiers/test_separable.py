import pytest
from keras import layers

from generative.core.errors import BadInput
from tests.support.classifiers import VARIANTS
from tests.support.classifiers import build_classifier as build


def test_separable_convolutions_are_smaller_than_full_ones() -> None:
    """k k c + c d weights in place of k k c d (Chollet, 2017, section 2)."""
    model = build("separable", width=16, pairs=1)
    found = {layer.name: layer.count_params() for layer in model.layers}
    sizes = [count for name, count in found.items() if name.startswith("separable")]
    assert sizes == [9 * 16 + 16 * 32, 9 * 32 + 32 * 32]


def test_the_books_network() -> None:
    model = build("separable", **VARIANTS["separable_chollet"].changes)
    assert not any(isinstance(layer, layers.BatchNormalization) for layer in model.layers)
    shapes = [
        (type(layer).__name__, layer.output.shape[1:])
        for layer in model.layers
        if isinstance(layer, (layers.Resizing, layers.SeparableConv2D, layers.MaxPooling2D))
    ]
    convolution, pooling = "SeparableConv2D", "MaxPooling2D"
    assert shapes == [
        ("Resizing", (64, 64, 1)),
        (convolution, (62, 62, 32)),
        (convolution, (60, 60, 64)),
        (pooling, (30, 30, 64)),
        (convolution, (28, 28, 64)),
        (convolution, (26, 26, 128)),
        (pooling, (13, 13, 128)),
        (convolution, (11, 11, 64)),
        (convolution, (9, 9, 128)),
    ]


def test_more_pairs_than_pixels() -> None:
    with pytest.raises(BadInput, match="pairs: received 4; chollet2017 has at most 3"):
        build("separable", architecture="chollet2017", pairs=4)
