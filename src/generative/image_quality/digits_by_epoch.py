"""The digits in each epoch's snapshots, as a judge names them: what a GAN forgets, and when."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from generative.core import history
from generative.image_quality.extractors import FeatureExtractor, predict_digits
from generative.plots import curves

DIGITS = range(10)

Array = np.ndarray


def write_digits_by_epoch(extractor: FeatureExtractor, run: Path, folder: Path) -> None:
    """Write `digits_by_epoch.csv` and its picture into `folder`; nothing without snapshots.

    run: the history of a training. Raises `BadInput` if the extractor names no digits.
    """
    if not (run / history.SNAPSHOTS).exists():
        return
    counts = count_digits(extractor, history.read_snapshots(run))
    missing = np.flatnonzero(counts[-1] == 0)
    if len(missing):
        print(f"warning: the last snapshots show no {', '.join(map(str, missing))}")
    table = pd.DataFrame(counts, columns=[f"digit_{digit}" for digit in DIGITS])
    table.insert(0, "epoch", range(len(table)))
    table.to_csv(folder / "digits_by_epoch.csv", index=False)
    plot_digits(counts).save(folder / "digits_by_epoch.png", optimize=True)


def count_digits(extractor: FeatureExtractor, snapshots: Array) -> Array:
    """How many images of each snapshot are predicted to be each digit, int [1 + epochs, 10].

    snapshots: float32 [1 + epochs, count, height, width, channels] in [0, 1].
    """
    return np.stack(
        [
            np.bincount(predict_digits(extractor, images), minlength=len(DIGITS))
            for images in snapshots
        ]
    )


def plot_digits(counts: Array) -> Image.Image:
    """A map of `counts` [1 + epochs, 10]."""
    figure = curves.new_figure(np.clip(1.2 + 0.34 * len(counts), 4.6, 12), 3.2)
    axes = figure.add_subplot()
    drawn = axes.imshow(counts.T, cmap="Blues", vmin=0, aspect="auto", origin="lower")
    figure.colorbar(drawn, label="samples")
    axes.set(title="samples, as the judge names them", xlabel="epoch", ylabel="digit")
    axes.set_yticks(DIGITS)
    ticks = np.arange(0, len(counts), -(-len(counts) // 16))
    axes.set_xticks(ticks)
    return curves.figure_image(figure)
