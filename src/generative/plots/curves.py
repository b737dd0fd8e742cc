"""Figures of numbers: learning curves, scatter and reliability diagrams. None writes a file."""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = np.ndarray


def scatter(codes: Array, labels: Array, title: str) -> Image.Image:
    """The first two dimensions of `codes` [N, latent], coloured by label."""
    figure = new_figure(6.4, 5.6)
    axes = figure.add_subplot()
    for label in np.unique(labels):
        chosen = codes[labels == label]
        axes.scatter(
            chosen[:, 0], chosen[:, 1], s=2, color=f"C{label}", label=str(label), linewidths=0
        )
    axes.set(title=title, xlabel="code, dimension 1", ylabel="code, dimension 2", aspect="equal")
    axes.legend(markerscale=5, loc="upper right", fontsize="small")
    return figure_image(figure)


def captioned(images: Array, captions: Sequence[str], columns: int) -> Image.Image:
    """Grey `images` with a line of text over each."""
    rows = -(-len(images) // columns)
    figure = new_figure(0.9 * columns, 1.1 * rows)
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        axes = figure.add_subplot(rows, columns, index + 1)
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
        axes.set_title(caption, fontsize="small")
        axes.axis("off")
    return figure_image(figure)


def reliability(confidence: Array, accuracy: Array, count: Array) -> Image.Image:
    """Accuracy against confidence, bin by bin, over how many examples each bin holds."""
    figure = new_figure(4.4, 5.2)
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    filled = count > 0
    upper.plot([0, 1], [0, 1], color="0.6", linestyle="--", label="as confident as right")
    upper.plot(confidence[filled], accuracy[filled], marker="o", label="bins of examples")
    upper.set(ylabel="accuracy", ylim=(0, 1.02), title="reliability")
    upper.legend(fontsize="small")
    upper.grid(alpha=0.3)
    edges = (np.arange(len(count)) + 0.5) / len(count)
    lower.bar(edges, count, width=0.9 / len(count))
    lower.set(yscale="log", xlabel="confidence", ylabel="examples")
    return figure_image(figure)


def trials(losses: Array) -> Image.Image:
    """The loss of each trial of a search, and the lowest so far."""
    figure = new_figure(5.6, 3.2)
    axes = figure.add_subplot()
    number = np.arange(1, len(losses) + 1)
    axes.scatter(number, losses, s=16, label="trial")
    axes.step(number, np.minimum.accumulate(losses), where="post", color="C1", label="best so far")
    axes.set(title="search", xlabel="trial", ylabel="validation loss")
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)
    return figure_image(figure)


def shares(values: dict[str, float]) -> Image.Image:
    """A bar for each name, the largest at the top."""
    figure = new_figure(5.6, 0.9 + 0.4 * len(values))
    axes = figure.add_subplot()
    ordered = sorted(values.items(), key=lambda item: item[1])
    axes.barh([name.replace("_", " ") for name, _ in ordered], [share for _, share in ordered])
    axes.set(title="importance", xlabel="share of the variance of the loss")
    return figure_image(figure)


def learning_curves(history: "pd.DataFrame") -> Image.Image:
    """One panel a metric, training and validation together, over the first column: epochs or
    steps."""
    time, *others = history.columns
    names = [n for n in others if not n.startswith("val_")]
    figure = new_figure(3.4 * len(names), 2.8)
    for index, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), index + 1)
        for column, label in ((name, "training"), (f"val_{name}", "validation")):
            if column in history:
                axes.plot(history[time], history[column], label=label)
        axes.set(title=name.replace("_", " "), xlabel=time)
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return figure_image(figure)


def gan_curves(history: "pd.DataFrame") -> Image.Image:
    """Losses of both networks, accuracy of the discriminator, variety of samples, over the first
    column: epochs or steps."""
    time = history.columns[0]
    panels: dict[str, tuple[str, ...]] = {
        "discriminator's loss": ("discriminator",),
        "generator's loss": ("generator",),
        "accuracy of the discriminator": ("real_accuracy", "fake_accuracy"),
        "variety, 1 is that of real images": ("variety",),
    }
    shown = {time, *(name for names in panels.values() for name in names)}
    others = [n for n in history.columns if not n.startswith("val_") and n not in shown]
    panels |= {name.replace("_", " "): (name,) for name in others}
    columns = -(-len(panels) // 2)
    figure = new_figure(3.4 * columns, 5.4)
    grids = list(figure.subplots(2, columns).flat)
    marker = "." if len(history) == 1 else ""  # a line of one point is none
    for axes, (title, names) in zip(grids, panels.items(), strict=False):
        for color, name in enumerate(names):
            look = {"color": f"C{color}", "marker": marker}
            axes.plot(history[time], history[name], label=name.partition("_")[0], **look)
            if f"val_{name}" in history:
                axes.plot(history[time], history[f"val_{name}"], ":", **look)
        axes.set(title=title, xlabel=time)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(alpha=0.3)
        if len(names) > 1:
            axes.set_ylim(-0.05, 1.05)
            axes.legend(fontsize="small")
    for axes in grids[len(panels) :]:
        axes.set_visible(False)
    styles = [figure.axes[0].plot([], [], s, color="0.3")[0] for s in ("-", ":")]
    figure.legend(styles, ["training", "held-out"], loc="outside lower center", ncols=2)
    return figure_image(figure)


def new_figure(width: float, height: float) -> "Figure":
    """A figure without pyplot: no window system, no state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def figure_image(figure: "Figure") -> Image.Image:
    """The figure as a picture."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")
