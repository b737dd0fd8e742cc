"""How a picture came about: beside its sources, step by step, as a film, and the loss's terms."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from generative.plots import grids as rendering

STEPS = 6  # pictures of the history in one row
ROW_HEIGHT = 240


def draw(
    sources: Sequence[Image.Image],
    frames: Sequence[Image.Image],
    history: pd.DataFrame,
    frames_per_second: int,
    folder: Path,
) -> None:
    """Write `beside.png`, `steps.png`, `losses.png` and `film.gif` into `folder`.

    sources: the content and the styles. frames: pictures of any size; the last is the result.
    """
    in_a_row([*sources, frames[-1]]).save(folder / "beside.png")
    last = len(frames) - 1
    chosen = sorted({round(i * last / (STEPS - 1)) for i in range(STEPS)})
    in_a_row([frames[i] for i in chosen]).save(folder / "steps.png")
    losses(history).savefig(folder / "losses.png")
    alike = [frame.resize(frames[-1].size, Image.Resampling.BICUBIC) for frame in frames]
    (folder / "film.gif").write_bytes(rendering.film(alike, frames_per_second))


def in_a_row(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures side by side, of one height, on white."""
    gap = 4
    widths = [max(1, round(p.width * ROW_HEIGHT / p.height)) for p in pictures]
    row = Image.new("RGB", (sum(widths) + gap * (len(widths) - 1), ROW_HEIGHT), "white")
    left = 0
    for picture, width in zip(pictures, widths, strict=True):
        row.paste(picture.resize((width, ROW_HEIGHT), Image.Resampling.LANCZOS), (left, 0))
        left += width + gap
    return row


def losses(history: pd.DataFrame) -> Figure:
    """Every term over evaluations on a logarithmic scale; a line where a scale begins."""
    figure = Figure(figsize=(10, 3.2), dpi=110, layout="constrained")
    names = [name for name in history if name not in ("evaluation", "longest_side")]
    own = [str(name) for name in names if str(name).startswith("style_")]
    whole = [str(name) for name in names if name not in own]
    begins = history.groupby("longest_side").first()
    for axes, shown, title in zip(
        figure.subplots(1, 2), (whole, own), ("loss and its terms", "style, by layer"), strict=True
    ):
        for name in shown:
            values = history[name].where(history[name] > 0)  # the content's term begins at 0
            axes.plot(history["evaluation"], values, label=name.removeprefix("style_"))
        for begin in begins["evaluation"].iloc[1:]:
            axes.axvline(begin, color="0.6", linestyle=":")
        axes.set(title=title, xlabel="evaluation", yscale="log")
        # The first step of a line search can be a thousand times too long.
        axes.set_ylim(top=2 * begins[shown].to_numpy().max())
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure
