"""Figures that the page draws of the tables that stages wrote, in the place of their pictures: so
they speak its language and take its colours."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generative.core.folders import read_json

Chart = dict[str, Any]
Figure = dict[str, Any]


def figures(folder: Path) -> list[Figure]:
    """Those of a folder, each under the name of the picture that it replaces: with its `charts`, a
    `map` of numbers, or `bars`."""
    return [
        {"name": name, **drawn(folder / file)}
        for name, (file, drawn) in FIGURES.items()
        if (folder / file).exists()
    ]


def chart(across: str, up: str, series: list[Chart], logarithmic: bool = False) -> Chart:
    """One pair of axes by the names of what they show, and what is drawn there."""
    return {"across": across, "up": up, "series": series, "logarithmic": logarithmic}


def line(name: str, x: Any, y: Any, style: str = "line") -> Chart:
    """`style`: "line", "dashed", "rule", which has no points, "marked", "steps", "points", "dots",
    which are smaller, or "bars"."""
    return {"name": name, "style": style, "x": rounded(x), "y": rounded(y)}


def rounded(values: Any) -> list[float | None]:
    """As exactly as a chart shows them; None for what is no finite number."""
    found = pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(float)
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in found]


def latent_scatter(file: Path) -> Figure:
    table = pd.read_csv(file)
    series = [
        line(str(digit), own["code_1"], own["code_2"], "dots")
        for digit, own in table.sort_values("code_1").groupby("digit")
    ]
    return {"charts": [chart("code_1", "code_2", series)]}


def reliability(file: Path) -> Figure:
    table = pd.read_csv(file)
    filled = table[table["examples"] > 0]
    both = [
        line("as_confident_as_right", [0, 1], [0, 1], "rule"),
        line("accuracy", filled["confidence"], filled["accuracy"], "marked"),
    ]
    counts = line("examples", table["middle"], table["examples"].replace(0, np.nan), "bars")
    return {
        "charts": [
            chart("confidence", "accuracy", both),
            chart("confidence", "examples", [counts], logarithmic=True),
        ]
    }


def digits_by_epoch(file: Path) -> Figure:
    table = pd.read_csv(file)
    counts = table.drop(columns="epoch")
    rows = [
        {"name": str(name).removeprefix("digit_"), "values": [int(n) for n in counts[name]]}
        for name in counts
    ]
    most = max(1, int(counts.to_numpy().max()))
    return {"map": {"across": [int(n) for n in table["epoch"]], "rows": rows, "most": most}}


def divergences(file: Path) -> Figure:
    table = pd.read_csv(file)
    series = [
        line(name, table["x"], table[name], "dashed" if name == "data" else "line")
        for name in table.columns.drop("x")
    ]
    return {"charts": [chart("x", "density", series)]}


def trials(file: Path) -> Figure:
    losses = pd.read_csv(file)["val_loss"]
    number = range(1, len(losses) + 1)
    series = [
        line("val_loss", number, losses, "points"),
        line("lowest_so_far", number, losses.cummin(), "steps"),
    ]
    return {"charts": [chart("trial", "val_loss", series)]}


def importance(file: Path) -> Figure:
    shares = sorted(read_json(file).items(), key=lambda item: -item[1])
    return {"bars": [{"name": name, "share": share} for name, share in shares]}


FIGURES: dict[str, tuple[str, Callable[[Path], Figure]]] = {
    "latent_scatter": ("latent_scatter.csv", latent_scatter),
    "reliability": ("reliability.csv", reliability),
    "digits_by_epoch": ("digits_by_epoch.csv", digits_by_epoch),
    "divergences": ("densities.csv", divergences),
    "history": ("trials.csv", trials),
    "importance": ("importance.json", importance),
}
