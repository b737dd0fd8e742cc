"""Pictures from arrays: grids, films, curves and maps. Nothing here knows a model or writes a file.

Images are float32 [count, height, width, channels] in [0, 1]; pictures are Pillow's.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = np.ndarray
GAP = 2


def grid(images: Array, columns: int, scale: int = 2) -> Image.Image:
    """`images` row by row on a white ground, the last row filled up with white."""
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    cell_height, cell_width = height + GAP, width + GAP
    canvas = np.ones((rows * cell_height + GAP, columns * cell_width + GAP, channels), np.float32)
    for index, image in enumerate(images):
        top = GAP + index // columns * cell_height
        left = GAP + index % columns * cell_width
        canvas[top : top + height, left : left + width] = image
    return to_picture(canvas, scale)


def mosaic(images: Array, columns: int, scale: int = 1) -> Image.Image:
    """`images` row by row with nothing between them."""
    count, height, width, channels = images.shape
    tiles = images.reshape(count // columns, columns, height, width, channels)
    joined = tiles.swapaxes(1, 2).reshape(-1, columns * width, channels)
    return to_picture(joined, scale)


def to_picture(image: Array, scale: int = 1) -> Image.Image:
    """One image [height, width, channels], each pixel drawn as `scale` x `scale`."""
    pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    return picture.resize((picture.width * scale, picture.height * scale), Image.Resampling.NEAREST)


def film(frames: Sequence[Image.Image], frames_per_second: int) -> bytes:
    """A looping GIF that rests on its last frame."""
    durations = [1000 // frames_per_second] * (len(frames) - 1) + [2000]
    buffer = BytesIO()
    first, *rest = frames
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=durations, loop=0)
    return buffer.getvalue()


def unit_square_quantiles(size: int) -> Array:
    """Codes of a size x size map of a two-dimensional standard normal, float32 [size ** 2, 2].

    Each code stands for the same share of the prior's mass: the axes run through the quantiles
    0.5 / size, 1.5 / size, ..., top left to bottom right with the second coordinate upwards.
    """
    from scipy.stats import norm

    axis = norm.ppf((np.arange(size) + 0.5) / size).astype(np.float32)
    across, down = np.meshgrid(axis, axis[::-1])
    return np.stack([across, down], axis=-1).reshape(-1, 2)


def between(start: Array, end: Array, steps: int) -> Array:
    """Codes on the straight lines from each `start` to its `end`: [pairs * steps, latent]."""
    share = np.linspace(0, 1, steps, dtype=np.float32)[:, np.newaxis]
    lines = start[:, np.newaxis] * (1 - share) + end[:, np.newaxis] * share
    return lines.reshape(-1, start.shape[-1])


def scatter(codes: Array, labels: Array, title: str) -> Image.Image:
    """The first two dimensions of `codes` [N, latent], coloured by label."""
    figure = _figure(6.4, 5.6)
    axes = figure.add_subplot()
    for label in np.unique(labels):
        chosen = codes[labels == label]
        axes.scatter(
            chosen[:, 0], chosen[:, 1], s=2, color=f"C{label}", label=str(label), linewidths=0
        )
    axes.set(title=title, xlabel="code, dimension 1", ylabel="code, dimension 2", aspect="equal")
    axes.legend(markerscale=5, loc="upper right", fontsize="small")
    return _to_picture(figure)


def captioned(images: Array, captions: Sequence[str], columns: int) -> Image.Image:
    """Grey `images` with a line of text over each."""
    rows = -(-len(images) // columns)
    figure = _figure(0.9 * columns, 1.1 * rows)
    for index, (image, caption) in enumerate(zip(images, captions, strict=True)):
        axes = figure.add_subplot(rows, columns, index + 1)
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
        axes.set_title(caption, fontsize="small")
        axes.axis("off")
    return _to_picture(figure)


def reliability(confidence: Array, accuracy: Array, count: Array) -> Image.Image:
    """Accuracy against confidence, bin by bin, over how many examples each bin holds."""
    figure = _figure(4.4, 5.2)
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
    return _to_picture(figure)


def trials(losses: Array) -> Image.Image:
    """The loss of each trial of a search, and the lowest so far."""
    figure = _figure(5.6, 3.2)
    axes = figure.add_subplot()
    number = np.arange(1, len(losses) + 1)
    axes.scatter(number, losses, s=16, label="trial")
    axes.step(number, np.minimum.accumulate(losses), where="post", color="C1", label="best so far")
    axes.set(title="search", xlabel="trial", ylabel="validation loss")
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)
    return _to_picture(figure)


def shares(values: dict[str, float]) -> Image.Image:
    """A bar for each name, the largest at the top."""
    figure = _figure(5.6, 0.9 + 0.4 * len(values))
    axes = figure.add_subplot()
    ordered = sorted(values.items(), key=lambda item: item[1])
    axes.barh([name.replace("_", " ") for name, _ in ordered], [share for _, share in ordered])
    axes.set(title="importance", xlabel="share of the variance of the loss")
    return _to_picture(figure)


def learning_curves(history: "pd.DataFrame") -> Image.Image:
    """One panel a metric, training and validation together, over epochs."""
    names = [n for n in history.columns if n != "epoch" and not n.startswith("val_")]
    figure = _figure(3.4 * len(names), 2.8)
    for index, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), index + 1)
        for column, label in ((name, "training"), (f"val_{name}", "validation")):
            if column in history:
                axes.plot(history["epoch"], history[column], label=label)
        axes.set(title=name.replace("_", " "), xlabel="epoch")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    return _to_picture(figure)


def game(history: "pd.DataFrame") -> Image.Image:
    """How two players fared: losses, what the discriminator tells, and how varied samples are."""
    panels: dict[str, tuple[str, ...]] = {
        "discriminator's loss": ("discriminator",),
        "generator's loss": ("generator",),
        "told right by the discriminator": ("real_accuracy", "fake_accuracy"),
        "variety, 1 is that of real images": ("variety",),
    }
    shown = {"epoch", *(name for names in panels.values() for name in names)}
    others = [n for n in history.columns if not n.startswith("val_") and n not in shown]
    panels |= {name.replace("_", " "): (name,) for name in others}
    columns = -(-len(panels) // 2)
    figure = _figure(3.4 * columns, 5.4)
    grids = list(figure.subplots(2, columns).flat)
    marker = "." if len(history) == 1 else ""  # a line of one point is none
    for axes, (title, names) in zip(grids, panels.items(), strict=False):
        for color, name in enumerate(names):
            look = {"color": f"C{color}", "marker": marker}
            axes.plot(history["epoch"], history[name], label=name.partition("_")[0], **look)
            if f"val_{name}" in history:
                axes.plot(history["epoch"], history[f"val_{name}"], ":", **look)
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(alpha=0.3)
        if len(names) > 1:
            axes.set_ylim(-0.05, 1.05)
            axes.legend(fontsize="small")
    for axes in grids[len(panels) :]:
        axes.set_visible(False)
    styles = [figure.axes[0].plot([], [], s, color="0.3")[0] for s in ("-", ":")]
    figure.legend(styles, ["training", "held-out"], loc="outside lower center", ncols=2)
    return _to_picture(figure)


def digits_by_epoch(counts: Array) -> Image.Image:
    """What a judge takes the samples of each epoch for: counts [epochs, 10]."""
    figure = _figure(np.clip(1.2 + 0.34 * len(counts), 4.6, 12), 3.2)
    axes = figure.add_subplot()
    drawn = axes.imshow(counts.T, cmap="Blues", vmin=0, aspect="auto", origin="lower")
    figure.colorbar(drawn, label="samples")
    axes.set(title="samples, as the judge names them", xlabel="epoch", ylabel="digit")
    axes.set_yticks(range(10))
    ticks = np.arange(0, len(counts), -(-len(counts) // 16))
    axes.set_xticks(ticks, [str(tick + 1) for tick in ticks])
    return _to_picture(figure)


def objectives(
    histories: dict[str, "pd.DataFrame"],
    samples: dict[str, Array],
    metrics: dict[str, dict[str, float]],
    gradients: "pd.DataFrame",
    columns: int,
) -> Image.Image:
    """GANs that differ in the generator's objective, side by side: a column each with samples,
    both losses and metrics; below, the gradients of all where the discriminator wins."""
    rows = max(1, *(len(values) for values in metrics.values()))
    figure = _figure(4.2 * len(histories), 10.4 + 0.2 * rows)
    halves: Any = figure.subfigures(2, 1, height_ratios=(7.2 + 0.2 * rows, 3.2))
    upper, lower = halves
    grids = upper.subplots(3, len(histories), height_ratios=(4.2, 2.8, 0.2 * rows), squeeze=False)
    for index, (name, history) in enumerate(histories.items()):
        above, curves, below = grids[:, index]
        above.imshow(grid(samples[name], columns), cmap="gray", vmin=0, vmax=255)
        above.set_title(name.replace("_", " "))
        above.axis("off")
        marker = "." if len(history) == 1 else ""
        for player in ("discriminator", "generator"):
            curves.plot(history["epoch"], history[player], marker=marker, label=player)
        curves.set(xlabel="epoch", ylabel="loss")
        curves.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        curves.grid(alpha=0.3)
        curves.legend(fontsize="small")
        below.axis("off")
        text = [[n.replace("_", " "), f"{value:.4g}"] for n, value in metrics[name].items()]
        table = below.table(text, bbox=(0.1, 0, 0.8, 1), edges="horizontal", colWidths=(3, 1))
        table.auto_set_font_size(False)
        for (_, column), box in table.get_celld().items():
            box.set(edgecolor="0.8")
            box.get_text().set_horizontalalignment("right" if column else "left")
    norms, told = lower.subplots(1, 2)
    for name in histories:
        norms.plot(gradients["step"], gradients[name], label=name.replace("_", " "))
    norms.set(title="gradient that the generator gets", ylabel="norm", yscale="log")
    norms.legend(fontsize="small")
    told.plot(gradients["step"], gradients["fake_accuracy"], color="0.3")
    told.set(title="share of generated images that the discriminator tells", ylim=(-0.05, 1.05))
    for axes in (norms, told):
        axes.set_xlabel("steps of the discriminator alone")
        axes.grid(alpha=0.3)
    return _to_picture(figure)


def _figure(width: float, height: float) -> "Figure":
    """A figure without pyplot: no window system, no state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def _to_picture(figure: "Figure") -> Image.Image:
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer).convert("RGB")
