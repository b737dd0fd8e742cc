"""Pictures of a trained classifier: its network, its calibration and what it gets wrong."""

from pathlib import Path

import numpy as np
import pandas as pd

from generative.classifiers.base.calibration import reliability
from generative.classifiers.base.classifier import Classifier
from generative.core.history import read_table
from generative.core.params import Count, Schema
from generative.datasets.base.dataset import Prepared
from generative.plots import curves
from generative.plots.architecture import plot_architecture

Array = np.ndarray


class Render(Schema):
    """What the pictures show: the section `render.classifiers`.

    mistakes, columns: how many of the hardest images, and how many in a row. bins: of the
    reliability diagram.
    """

    mistakes: Count
    columns: Count
    bins: Count


def render(model: Classifier, data: Prepared, history: Path, options: Render, folder: Path) -> None:
    """Write the pictures of the test split, the learning curves and the network into `folder`."""
    images, labels = data.load("test")
    draw(images, labels, model.probabilities(images), options, folder)
    picture = curves.learning_curves(read_table(history))
    picture.save(folder / "learning_curves.png", optimize=True)
    plot_architecture(model, folder)


def draw(images: Array, labels: Array, probabilities: Array, options: Render, folder: Path) -> None:
    """Write `reliability.png`, its table, and `hardest.png`, the images with the least probable
    labels first.

    images [N, 28, 28, 1], labels [N], probabilities [N, classes].
    """
    diagram = reliability(probabilities, labels, options.bins)
    table = pd.DataFrame(
        {
            "middle": (np.arange(options.bins) + 0.5) / options.bins,
            "confidence": diagram.confidence,
            "accuracy": diagram.accuracy,
            "examples": diagram.count,
        }
    )
    table.to_csv(folder / "reliability.csv", index=False)
    hardest = probabilities[range(len(labels)), labels].argsort(kind="stable")[: options.mistakes]
    captions = [f"{labels[i]} as {probabilities[i].argmax()}" for i in hardest]
    pictures = {
        "reliability": curves.reliability(diagram.confidence, diagram.accuracy, diagram.count),
        "hardest": curves.captioned(images[hardest], captions, options.columns),
    }
    for name, picture in pictures.items():
        picture.save(folder / f"{name}.png", optimize=True)
