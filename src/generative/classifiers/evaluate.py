"""Accuracy and calibration of a classifier on the test images."""

from pathlib import Path
from typing import Any

import numpy as np

from generative.classifiers import metrics
from generative.classifiers.base.calibration import reliability
from generative.classifiers.base.classifier import Classifier
from generative.core.params import Count, Schema
from generative.datasets.base.dataset import Prepared


class Evaluate(Schema):
    """The section `evaluate.classifiers`. bins: of the expected calibration error."""

    bins: Count


def evaluate(model: Classifier, data: Prepared, options: Evaluate, folder: Path) -> dict[str, Any]:
    """Accuracy, cross entropy and calibration error on the test split, and the parameters."""
    images, labels = data.load("test")
    return {
        **measure(model.probabilities(images), labels, options),
        "parameters": model.count_params(),
    }


def measure(probabilities: np.ndarray, labels: np.ndarray, options: Evaluate) -> dict[str, float]:
    """Accuracy and calibration of `probabilities` [N, classes] of images with `labels` [N]."""
    diagram = reliability(probabilities, labels, options.bins)
    return {
        "test_accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
        "cross_entropy_nats": metrics.cross_entropy(probabilities, labels),
        "expected_calibration_error": metrics.expected_calibration_error(diagram),
    }
