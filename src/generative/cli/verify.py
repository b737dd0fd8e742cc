"""`generative verify`: whether this checkout's results are those that are committed."""

from pathlib import Path
from typing import Annotated

import typer

from generative.cli.options import AsJson, ShowAll


def verify(
    results: Annotated[
        list[Path] | None, typer.Argument(help="Results files or folders; results/records without.")
    ] = None,
    source: Annotated[
        str, typer.Option("--of", help="What is verified: a checkout, a profile, a revision.")
    ] = ".",
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """Compare the results of this checkout with committed ones: equal, within, off, missing.

    Ends with 1 unless every model is equal or within.
    """
    from generative.cli.comparing import report
    from generative.results import records
    from generative.results.collect import of

    known = [record for place in results or [records.FOLDER] for record in records.read(place)]
    found = of(source)
    if results:  # of these alone
        found = [r for r in found if r.model in {record.model for record in known}]
    report(found, known, (), show_all, as_json)
