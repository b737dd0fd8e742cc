import pytest
from keras import layers

from tests.support.classifiers import build_classifier as build

CONVOLUTION, DENSE = layers.Conv2D, layers.Dense
NORMALIZED = layers.BatchNormalization


@pytest.mark.parametrize(
    ("architecture", "batch_normalization", "weighted"),
    [
        ("convolutional", "none", [CONVOLUTION, CONVOLUTION, DENSE]),
        (
            "convolutional",
            "after",
            [CONVOLUTION, NORMALIZED, CONVOLUTION, NORMALIZED, DENSE, NORMALIZED],
        ),
        ("dense", "none", [DENSE, DENSE]),
        ("dense", "after", [DENSE, NORMALIZED, DENSE, NORMALIZED]),
    ],
)
def test_the_layers_and_their_order(
    architecture: str, batch_normalization: str, weighted: list[type]
) -> None:
    """By both APIs: the activation is that of the layer ahead of batch normalisation."""
    changes = {"architecture": architecture, "batch_normalization": batch_normalization}
    stack = build("sequential", **changes).get_layer("stack").layers
    *functional, logits = [n for n in build("functional", **changes).layers if n.weights]
    assert logits.name == "logits"
    for found in ([layer for layer in stack if layer.weights], functional):
        # The seed of the random shift is no weight of a layer.
        kept = [layer for layer in found if isinstance(layer, (CONVOLUTION, DENSE, NORMALIZED))]
        assert [type(layer) for layer in kept] == weighted
        assert all(
            layer.momentum == 0.99
            if isinstance(layer, NORMALIZED)
            else layer.activation.__name__ == "relu"
            for layer in kept
        )


def test_a_dense_network_has_no_width() -> None:
    one, other = (build("sequential", architecture="dense", width=width) for width in (1, 100))
    assert one.count_params() == other.count_params()
