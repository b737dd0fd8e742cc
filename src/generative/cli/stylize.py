"""`generative stylize`: one's own picture in the style of another."""

from pathlib import Path
from typing import Annotated

import typer


def stylize(
    content: Annotated[Path, typer.Argument(help="Any picture.")],
    style: Annotated[Path, typer.Argument(help="Another, or a folder of several.")],
    out: Annotated[Path, typer.Option(help="The new picture: .png, .webp, .tif or .jpg.")],
    style_weight: Annotated[
        float | None, typer.Option(min=0.001, help="More is less content; of params.yaml.")
    ] = None,
    original_colours: Annotated[
        bool, typer.Option("--original-colours", help="Keep the colours of the content.")
    ] = False,
    size: Annotated[int, typer.Option(min=32, help="Longest side; no picture is enlarged.")] = 512,
    preset: Annotated[
        str, typer.Option(help="fast (Adam) or fine (as params.yaml says).")
    ] = "fine",
    network: Annotated[
        Path | None, typer.Option(help="A folder with a VGG; of params.yaml if left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Paint one picture in the style of another; Ctrl-C keeps the best so far."""
    from generative.style import stylize as style_transfer

    evaluations, complete = style_transfer.stylize(
        content,
        style,
        out,
        size=size,
        preset=preset,
        network=network,
        style_weight=style_weight,
        original_colours=original_colours,
        force=force,
    )
    suffix = "" if complete else ", interrupted: the best so far"
    print(f"{out}: {evaluations} evaluations{suffix}")
