"""How well the judge names the test digits."""

from pathlib import Path
from typing import Any

import keras

from generative.classifiers.base.classifier import outputs_of
from generative.classifiers.evaluate import Evaluate, measure
from generative.classifiers.judge import WEIGHT_SUFFIX
from generative.classifiers.render import Render, draw
from generative.datasets.base.dataset import Prepared


def evaluate_judge(
    digits: keras.Model, data: Prepared, options: Evaluate, pictures: Render, folder: Path
) -> dict[str, Any]:
    """Accuracy, cross entropy and calibration error of the network `digits` on the test split, its
    parameters, and the weight of each member; writes the pictures of a classifier into `folder`."""
    images, labels = data.load("test")
    probabilities = outputs_of(digits, images)
    draw(images, labels, probabilities, pictures, folder)
    weights = {
        layer.name: layer.scale for layer in digits.layers if layer.name.endswith(WEIGHT_SUFFIX)
    }
    return {
        **measure(probabilities, labels, options),
        "parameters": digits.count_params(),
        **weights,
    }
