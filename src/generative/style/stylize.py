"""The command `generative stylize`: any picture in the style of others."""

from pathlib import Path
from typing import Any

from PIL import Image
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from generative.core import params
from generative.core.errors import BadInput, unknown
from generative.core.folders import atomic_file, check_new
from generative.core.runtime import Runtime
from generative.style import inputs, pictures
from generative.style.schema import SMALLEST_SIDE, Scale, Style
from generative.style.transfer import Row, Transfer

SECTION = "defaults.style"
# Formats of the result, and whether they have alpha; without, it is laid over white.
SUFFIXES = {".png": True, ".webp": True, ".tif": True, ".tiff": True, ".jpg": False, ".jpeg": False}
# An optimizer, and scales as shares of the longest side with their evaluations. None is what
# params.yaml says.
Preset = tuple[str, list[tuple[float, int]]]
PRESETS: dict[str, Preset | None] = {"fast": ("adam", [(0.5, 60), (1.0, 20)]), "fine": None}


def stylize(
    content: Path,
    style: Path,
    out: Path,
    *,
    size: int,
    preset: str,
    network: Path | None = None,
    style_weight: float | None = None,
    original_colours: bool = False,
    force: bool = False,
) -> tuple[int, bool]:
    """Write the picture `content` in the style of `style`, a picture or a folder of several.

    size: the longest side of `out`, pixels. preset: of `PRESETS`. force: replace `out`. The others
    as `make_options` takes them. Ctrl-C keeps the best picture so far.

    Returns the number of evaluations, and whether they were all. Raises `BadInput` for what cannot
    be read, written or held in memory.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise BadInput(f"--out: received {out}, must end in one of {' '.join(SUFFIXES)}")
    check_new(out, force)
    options = make_options(
        content,
        style,
        size=size,
        preset=preset,
        network=network,
        style_weight=style_weight,
        original_colours=original_colours,
    )
    device = inputs.configure(params.read("runtime", Runtime), options)
    transfer = inputs.load(options, device.precision, "--size")
    with atomic_file(out, force) as part:
        complete = run_with_progress(transfer)
        if transfer.picture is None:
            raise BadInput("interrupted before there was a picture; nothing is written")
        picture = with_alpha(
            pictures.to_picture(transfer.result()), pictures.alpha(content), out.suffix.lower()
        )
        picture.save(part, Image.registered_extensions()[out.suffix.lower()], quality=95)
    return len(transfer.history), complete


def make_options(
    content: Path,
    style: Path,
    *,
    size: int,
    preset: str,
    network: Path | None = None,
    style_weight: float | None = None,
    original_colours: bool = False,
) -> Style:
    """The options of one picture: those of `defaults.style` in params.yaml, but for what is given.

    network: a folder with a VGG. original_colours: keep those of the content.
    """
    if preset not in PRESETS:
        raise unknown("preset", preset, PRESETS)
    given: dict[str, Any] = {"content": str(content), "style": str(style), "blend": {}}
    if network:
        given["network"] = str(network)
    if style_weight is not None:
        given["style_weight"] = style_weight
    if original_colours:
        given["colours"] = "content"
    shared = params.section(SECTION, params.read_document()) or {}
    options: Style = params.check(SECTION, Style, {**shared, **given})
    largest = options.scales[-1].longest_side
    optimizer, shares = PRESETS[preset] or (
        options.optimizer,
        [(scale.longest_side / largest, scale.evaluations) for scale in options.scales],
    )
    evaluations: dict[int, int] = {}
    for share, count in shares:
        evaluations.setdefault(max(SMALLEST_SIDE, round(size * share)), count)
    scales = [Scale(longest_side=side, evaluations=n) for side, n in evaluations.items()]
    return options.model_copy(update={"optimizer": optimizer, "scales": scales})


def run_with_progress(transfer: Transfer) -> bool:
    """Run `transfer` under a bar with its loss and the time that is left; False if Ctrl-C ended
    it."""
    columns = (
        TextColumn("evaluation {task.fields[evaluation]}"),
        BarColumn(),
        TextColumn("loss {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    # A pixel of one scale takes about as long as one of another.
    total = sum(scale.evaluations * scale.longest_side**2 for scale in transfer.options.scales)
    with Progress(*columns) as progress:
        task = progress.add_task("stylize", total=total, evaluation=0, loss="")

        def update(row: Row, frame: Image.Image | None) -> None:
            fields: Any = {"evaluation": int(row["evaluation"]), "loss": f"{row['total']:.4g}"}
            progress.update(task, advance=row["longest_side"] ** 2, **fields)

        try:
            transfer.run(update)
        except KeyboardInterrupt:
            return False
    return True


def with_alpha(picture: Image.Image, alpha: Image.Image | None, suffix: str) -> Image.Image:
    """`picture` with the alpha of the content, or over white where the format has none."""
    if alpha:
        opaque = alpha.resize(picture.size, Image.Resampling.LANCZOS)
        if SUFFIXES[suffix]:
            picture.putalpha(opaque)
        else:
            white = Image.new("RGB", picture.size, "white")
            picture = Image.composite(picture, white, opaque)
    return picture
