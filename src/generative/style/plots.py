"""Plots of one style transfer: sources and result, frames, an animation, the terms of the loss."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from generative.plots import grids

STEPS = 6  # frames in the row of `steps.png`
ROW_HEIGHT = 240


def write(
    sources: Sequence[Image.Image],
    frames: Sequence[Image.Image],
    history: pd.DataFrame,
    frames_per_second: int,
    folder: Path,
) -> None:
    """Write `comparison.png`, `steps.png`, `losses.png` and `animation.gif` into `folder`.

    sources: the content and the styles. frames: pictures of any size; the last is the result.
    """
    side_by_side([*sources, frames[-1]]).save(folder / "comparison.png")
    last = len(frames) - 1
    chosen = sorted({round(i * last / (STEPS - 1)) for i in range(STEPS)})
    side_by_side([frames[i] for i in chosen]).save(folder / "steps.png")
    loss_curves(history).savefig(folder / "losses.png")
    alike = [frame.resize(frames[-1].size, Image.Resampling.BICUBIC) for frame in frames]
    (folder / "animation.gif").write_bytes(grids.animation(alike, frames_per_second))


def side_by_side(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures in a row, of one height, on white."""
    gap = 4
    widths = [max(1, round(p.width * ROW_HEIGHT / p.height)) for p in pictures]
    row = Image.new("RGB", (sum(widths) + gap * (len(widths) - 1), ROW_HEIGHT), "white")
    left = 0
    for picture, width in zip(pictures, widths, strict=True):
        row.paste(picture.resize((width, ROW_HEIGHT), Image.Resampling.LANCZOS), (left, 0))
        left += width + gap
    return row


def loss_curves(history: pd.DataFrame) -> Figure:
    """Every term over evaluations on a logarithmic scale; a line where a scale begins."""
    figure = Figure(figsize=(10, 3.2), dpi=110, layout="constrained")
    names = [str(name) for name in history if name not in ("evaluation", "longest_side")]
    layers = [name for name in names if name.startswith("style_")]
    terms = [name for name in names if name not in layers]
    begins = history.groupby("longest_side").first()
    panels = ((terms, "loss and its terms"), (layers, "style, by layer"))
    for axes, (columns, title) in zip(figure.subplots(1, 2), panels, strict=True):
        for name in columns:
            values = history[name].where(history[name] > 0)  # the content's term begins at 0
            axes.plot(history["evaluation"], values, label=name.removeprefix("style_"))
        for begin in begins["evaluation"].iloc[1:]:
            axes.axvline(begin, color="0.6", linestyle=":")
        axes.set(title=title, xlabel="evaluation", yscale="log")
        # The first step of a line search can be a thousand times too long.
        axes.set_ylim(top=2 * begins[columns].to_numpy().max())
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure
