"""VGG by its definition, in numpy."""

from typing import Any

import keras
import numpy as np
from scipy.signal import correlate

Array = np.ndarray


def features_of(
    picture: Array, convolutions: list[tuple[Array, Array]], counts: Any
) -> dict[str, Array]:
    """The features of every layer of one picture, whose colours are as the convolutions take
    them; `counts` of convolutions in each block."""
    x, features, left = picture, {}, iter(convolutions)
    for block, count in enumerate(counts, start=1):
        if block > 1:
            rows, columns = (side // 2 for side in x.shape[:2])
            squares = x[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, -1)
            x = squares.max(axis=(1, 3))
        for i in range(1, count + 1):
            kernel, bias = next(left)
            padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
            each = [correlate(padded, kernel[..., c], "valid")[..., 0] for c in range(len(bias))]
            x = np.maximum(np.stack(each, axis=-1) + bias, 0)
            features[f"block{block}_conv{i}"] = x
    return features


def assert_features(network: keras.Model, picture: Array, expected: dict[str, Array]) -> None:
    """The network gives the features of `features_of`."""
    found = network(picture[np.newaxis], training=False)
    assert list(found) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name][0], value, rtol=1e-3, atol=1e-4)
