"""`generative repro`: the pipeline, or what it would do and why."""

from typing import Annotated

import typer


def repro(
    targets: Annotated[
        list[str] | None, typer.Argument(help="Stages, such as train@cvae; all if left out.")
    ] = None,
    dry: Annotated[
        bool, typer.Option("--dry", help="Only say what would run, why and how long it takes.")
    ] = False,
) -> None:
    """Check params.yaml, then rebuild every result that is out of date with dvc repro."""
    from generative.cli.params import check
    from generative.pipeline import run

    check()
    if dry:
        print(run.describe(run.plan()))
    else:
        run.repro(targets or [])
