"""Calibration of a classifier's probabilities (Guo et al., 2017, arXiv:1706.04599)."""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram: examples by the confidence of their class, in equal bins of (0, 1].

    count: examples in each bin; confidence, accuracy: their means there, NaN where there are none.
    """

    count: Array
    confidence: Array
    accuracy: Array


def reliability(probabilities: Array, labels: Array, bins: int) -> Reliability:
    """The bins of a reliability diagram; probabilities [N, classes], labels [N]."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    index = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(index, minlength=bins)
    with np.errstate(invalid="ignore"):
        return Reliability(
            count,
            np.bincount(index, confidence, bins) / count,
            np.bincount(index, right, bins) / count,
        )


def expected_calibration_error(diagram: Reliability) -> float:
    """The mean distance between confidence and accuracy, in [0, 1] (Guo et al., equation 3)."""
    gaps = np.abs(np.nan_to_num(diagram.confidence - diagram.accuracy))
    return float((gaps * diagram.count).sum() / diagram.count.sum())


def cross_entropy(probabilities: Array, labels: Array) -> float:
    """-log p(label) in nats, averaged; probabilities [N, classes] are at least 1e-7."""
    of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return float(-np.log(np.maximum(of_label, 1e-7)).mean())
