from pathlib import Path

import numpy as np
from keras import layers

from generative.multi_io.siamese import Siamese
from tests.support import multi_io

CHOLLET = {"embedding_size": 0, "units": 32, "comparison": "concatenation"}


def test_the_books_network(prepared_lines: Path) -> None:
    """An LSTM of 32 units for both vectors and an output (Chollet, 2017, section 7.1.5)."""
    model = multi_io.build("siamese", multi_io.prepared("siamese", prepared_lines), **CHOLLET)
    assert isinstance(model, Siamese)
    ids = len(model.characters) + 1
    trainable = sum(weight.numpy().size for weight in model.trainable_variables)
    assert trainable == 4 * (ids + 32 + 1) * 32 + 2 * 32 + 1
    assert [layer.name for layer in model.layers if isinstance(layer, layers.Dense)] == ["logit"]


def test_one_hot_characters(prepared_lines: Path) -> None:
    data = multi_io.prepared("siamese", prepared_lines)
    embedding = multi_io.build("siamese", data, embedding_size=0).get_layer("embedding")
    found = embedding(np.array([[2, 1, 0]]))
    np.testing.assert_array_equal(found[0], np.eye(embedding.input_dim)[[2, 1, 0]])
    np.testing.assert_array_equal(embedding.compute_mask([[2, 1, 0]]), [[True, True, False]])


def test_a_concatenation_is_a_sum_of_both_lines(prepared_lines: Path) -> None:
    """f(a, c) - f(b, c) is the same whatever c is: nothing is compared."""
    data = multi_io.prepared("siamese", prepared_lines)
    inputs, _ = data.load("test")
    first, second = inputs.values()

    def logits(comparison: str) -> np.ndarray:
        model = multi_io.build("siamese", data, comparison=comparison)
        pairs = ((0, 0), (1, 0), (0, 1), (1, 1))
        rows = [
            np.array([lines[pair[i]] for pair in pairs]) for i, lines in enumerate((first, second))
        ]
        return np.asarray(model(rows, training=False)["same"])[:, 0]

    for comparison, additive in (("concatenation", True), ("symmetric", False)):
        same, left, right, both = logits(comparison)
        assert np.isclose(left - same, both - right, atol=1e-5) == additive
