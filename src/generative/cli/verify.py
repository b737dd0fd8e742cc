"""`generative verify`: whether this checkout's results are those that are committed."""

from pathlib import Path
from typing import Annotated

import typer

from generative.core.errors import BadInput


def verify(
    results: Annotated[
        list[Path] | None, typer.Argument(help="Results files or folders; results/ without.")
    ] = None,
    source: Annotated[
        str, typer.Option("--of", help="What is verified: a checkout, a profile, a revision.")
    ] = ".",
    as_json: Annotated[bool, typer.Option("--json", help="Print one object of JSON.")] = False,
) -> None:
    """Compare the results of this checkout with committed ones: equal, within, off, missing."""
    from generative.cli.comparing import report
    from generative.results import records
    from generative.results.collect import of

    known = [record for place in results or [records.FOLDER] for record in records.read(place)]
    found = of(source)
    models = {record.model for record in found}
    if not models & {record.model for record in known}:
        raise BadInput(f"{source} and the results have no model in common")
    report(found, known, as_json)
