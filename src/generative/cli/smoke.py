"""`generative smoke`: the whole pipeline, small."""

from pathlib import Path
from typing import Annotated

import typer

from generative.cli.params import find_profile


def smoke(
    folder: Annotated[Path, typer.Option(help="The workspace.")] = Path(".cache/smoke"),
) -> None:
    """Run the whole pipeline with profiles/smoke.yaml in a workspace."""
    from generative.pipeline import workspace

    workspace.repro(find_profile("smoke"), folder)
