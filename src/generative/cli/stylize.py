"""`generative stylize`: one's own picture in the style of another."""

from pathlib import Path
from typing import Annotated

import typer


def stylize(
    content: Annotated[Path, typer.Argument(help="Any picture.")],
    style: Annotated[Path, typer.Argument(help="Another, or a folder of several.")],
    out: Annotated[Path, typer.Option(help="The new picture: .png, .webp, .tif or .jpg.")],
    style_weight: Annotated[float, typer.Option(min=0.001, help="More is less content.")] = 500.0,
    original_colours: Annotated[
        bool, typer.Option("--original-colours", help="Keep the colours of the content.")
    ] = False,
    size: Annotated[int, typer.Option(min=32, help="Longest side; no picture is enlarged.")] = 512,
    preset: Annotated[str, typer.Option(help="fast (Adam) or fine (L-BFGS).")] = "fine",
    network: Annotated[Path, typer.Option(help="A folder of dvc repro convert.")] = Path(
        "data/networks/vgg16"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Paint one picture in the style of another; Ctrl-C keeps the best so far."""
    from generative.style import stylize as style_transfer

    colours = "content" if original_colours else "style"
    file, evaluations, finished = style_transfer.stylize(
        content, style, out, network, style_weight, colours, size, preset, force
    )
    how = "" if finished else ", interrupted: the best so far"
    print(f"{file}: {evaluations} evaluations{how}")
