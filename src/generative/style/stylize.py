"""Style transfer by hand: the command `generative stylize`."""

from pathlib import Path
from typing import Any

import keras
from PIL import Image
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from generative.core import runtime
from generative.style.vgg import network as vgg
from generative.core.runtime import Runtime
from generative.style.schema import SMALLEST_SIDE
from generative.style.schema import Scale
from generative.style.schema import Style
from generative.core.errors import BadInput
from generative.core.errors import unknown
from generative.style import memory
from generative.style import pictures
from generative.style.transfer import Row
from generative.style.transfer import Transfer

# What the result may be saved as; those without alpha are laid over white.
SUFFIXES = {".png": True, ".webp": True, ".tif": True, ".tiff": True, ".jpg": False, ".jpeg": False}
# The optimizer, and what share of the longest side it spends how many evaluations at.
PRESETS = {
    "fast": ("adam", ((0.5, 60), (1.0, 20))),
    "fine": ("lbfgs", ((0.5, 120), (1.0, 80))),
}


def stylize(
    content: Path,
    style: Path,
    out: Path,
    network: Path,
    style_weight: float,
    colours: str,
    size: int,
    preset: str,
    force: bool,
) -> tuple[Path, int, bool]:
    """Write the picture `content` in the style of `style`, a picture or a folder of several.

    Ctrl-C keeps the best picture so far. Returns the file, how many evaluations there were, and
    whether they were all. Raises `BadInput` for what cannot be read, written or held in memory.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise BadInput(f"--out: received {out}, must end in one of {' '.join(SUFFIXES)}")
    if out.exists() and not force:
        raise BadInput(f"{out} exists; choose another name or add --force")
    if preset not in PRESETS:
        raise unknown("preset", preset, PRESETS)
    block = options(content, style, network, style_weight, colours, size, preset)
    picture, styles = pictures.read(content), pictures.read_styles(style, {})
    memory.check("--size", [picture, *(source for source, _ in styles)], size)
    device = runtime.configure(
        Runtime(determinism=True, threads=0, xla="auto"), block.seed, block.precision
    )
    keras.mixed_precision.set_global_policy("float32")
    transfer = Transfer(vgg.load(network, device.precision), picture, styles, block)
    finished = follow(transfer)
    if transfer.picture is None:
        raise BadInput("interrupted before there was a picture; nothing is written")
    write(pictures.to_picture(transfer.finished()), pictures.alpha(content), out)
    return out, len(transfer.history), finished


def options(
    content: Path,
    style: Path,
    network: Path,
    style_weight: float,
    colours: str,
    size: int,
    preset: str,
) -> Style:
    """The block that params.yaml would have for it."""
    optimizer, parts = PRESETS[preset]
    sides = [max(SMALLEST_SIDE, round(size * share)) for share, _ in parts]
    counts = [count for _, count in parts]
    scales = [
        Scale(longest_side=side, evaluations=count)
        for i, (side, count) in enumerate(zip(sides, counts, strict=True))
        if side not in sides[:i]
    ]
    values = {
        "content": str(content),
        "style": str(style),
        "blend": {},
        "network": str(network),
        "content_layers": {"block4_conv2": 1.0},
        "style_layers": {f"block{block}_conv1": 0.2 for block in range(1, 6)},
        "held_out_layer": "block3_conv2",
        "content_weight": 1.0,
        "style_weight": style_weight,
        "variation_weight": 0.1,
        "normalization": "gatys",
        "initialization": "content",
        "colours": colours,
        "optimizer": optimizer,
        "learning_rate": 0.02,
        "scales": scales,
        "seed": 1,
        "precision": "auto",
        "frame_every": 1,
        "frames_per_second": 1,
    }
    return Style.model_validate(values)


def follow(transfer: Transfer) -> bool:
    """Run it with its loss and the time that is left in sight; False if Ctrl-C ended it."""
    columns = (
        TextColumn("evaluation {task.fields[evaluation]}"),
        BarColumn(),
        TextColumn("loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    # A pixel of one scale takes about as long as one of another.
    counts = [scale.evaluations for scale in transfer.block.scales]
    areas = [scale.longest_side**2 for scale in transfer.block.scales]
    steps = sum(count * area for count, area in zip(counts, areas, strict=True))
    with Progress(*columns) as progress:
        task = progress.add_task("stylize", total=steps, evaluation=0, loss="")

        def watch(row: Row, frame: Image.Image | None) -> None:
            shown: Any = {"evaluation": int(row["evaluation"]), "loss": f"{row['total']:.4g}"}
            progress.update(task, advance=row["longest_side"] ** 2, **shown)

        try:
            transfer.run(watch)
        except KeyboardInterrupt:
            return False
    return True


def write(picture: Image.Image, alpha: Image.Image | None, out: Path) -> None:
    """Save `picture`, as opaque as the content is, whole or not at all."""
    if alpha:
        opaque = alpha.resize(picture.size, Image.Resampling.LANCZOS)
        if SUFFIXES[out.suffix.lower()]:
            picture.putalpha(opaque)
        else:
            white = Image.new("RGB", picture.size, "white")
            picture = Image.composite(picture, white, opaque)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.stem}.part{out.suffix}")
    try:
        picture.save(part, quality=95)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
