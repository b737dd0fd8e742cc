"""`generative compare`: two checkouts, profiles, revisions or results files beside each other."""

from typing import Annotated

import typer

from generative.cli.options import AsJson, ShowAll

PLACE = "A folder of a checkout, a profile that was run, a revision, a results file or folder."


def compare(
    a: Annotated[str, typer.Argument(help=PLACE)],
    b: Annotated[str, typer.Argument(help=PLACE)],
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """Compare the results of A with those of B; how far seeds are apart, results/ says.

    Ends with 1 unless every model is equal or within.
    """
    from generative.cli.comparing import report
    from generative.results import records
    from generative.results.collect import of

    report(of(a), of(b), records.committed(), show_all, as_json)
