"""AlexNet by its definition, without Keras."""

from collections.abc import Iterator

import numpy as np
from scipy.signal import correlate

Array = np.ndarray


def independent_activations(
    image: Array, convolutions: list[tuple[Array, Array]]
) -> Iterator[Array]:
    """The activations of one image, after each ReLU, by SciPy's correlation."""
    x = (image.astype(np.float64) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    strides, paddings = (4, 1, 1, 1, 1), (2, 2, 1, 1, 1)
    for i, (kernel, bias) in enumerate(convolutions):
        if i in (1, 2):
            rows, columns = ((side - 3) // 2 + 1 for side in x.shape[:2])
            x = np.array(
                [
                    [x[2 * r : 2 * r + 3, 2 * c : 2 * c + 3].max((0, 1)) for c in range(columns)]
                    for r in range(rows)
                ]
            )
        x = np.pad(x, (*[(paddings[i], paddings[i])] * 2, (0, 0)))
        each = [correlate(x, kernel[..., c], "valid")[..., 0] for c in range(len(bias))]
        x = np.maximum(np.stack(each, axis=-1)[:: strides[i], :: strides[i]] + bias, 0)
        yield x
