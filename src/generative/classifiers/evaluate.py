"""Accuracy and calibration of a classifier on the test images."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from generative.classifiers import metrics
from generative.classifiers.base.calibration import reliability
from generative.classifiers.base.classifier import Classifier
from generative.core.params import Count, Schema, Seed
from generative.core.uncertainty import mean_with_error, with_bootstrap_error
from generative.datasets.base.dataset import Prepared


class Evaluate(Schema):
    """The section `evaluate.classifiers`. bins: of the expected calibration error. resamples, seed:
    of the bootstrap behind its standard error."""

    bins: Count
    resamples: Annotated[int, Field(ge=2)]
    seed: Seed


def evaluate(model: Classifier, data: Prepared, options: Evaluate, folder: Path) -> dict[str, Any]:
    """Accuracy, cross entropy and calibration error on the test split, each with its standard
    error, and the parameters."""
    images, labels = data.load("test")
    return {
        **measure(model.probabilities(images), labels, options),
        "parameters": model.count_params(),
    }


def measure(probabilities: np.ndarray, labels: np.ndarray, options: Evaluate) -> dict[str, float]:
    """Accuracy and calibration of `probabilities` [N, classes] of images with `labels` [N]."""

    def calibration_error(places: np.ndarray) -> float:
        diagram = reliability(probabilities[places], labels[places], options.bins)
        return metrics.expected_calibration_error(diagram)

    count, resamples, seed = len(labels), options.resamples, options.seed
    return {
        **mean_with_error("test_accuracy", probabilities.argmax(axis=1) == labels),
        **mean_with_error("cross_entropy_nats", metrics.cross_entropy(probabilities, labels)),
        **with_bootstrap_error(
            "expected_calibration_error", calibration_error, count, resamples, seed
        ),
    }
