"""Calibration of a classifier's probabilities (Guo et al., 2017, arXiv:1706.04599)."""

import numpy as np

from generative.classifiers.base.calibration import Reliability

Array = np.ndarray


def expected_calibration_error(diagram: Reliability) -> float:
    """The mean distance between confidence and accuracy, in [0, 1] (Guo et al., equation 3)."""
    gaps = np.abs(np.nan_to_num(diagram.confidence - diagram.accuracy))
    return float((gaps * diagram.count).sum() / diagram.count.sum())


def cross_entropy(probabilities: Array, labels: Array) -> Array:
    """-log p(label) in nats, float64 [N]; probabilities [N, classes] are at least 1e-7."""
    of_label = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    entropy: Array = -np.log(np.maximum(of_label, 1e-7))
    return entropy
