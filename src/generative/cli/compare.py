"""`generative compare`: two checkouts, profiles, revisions or results files beside each other."""

from typing import Annotated

import typer

PLACE = "A folder of a checkout, a profile that was run, a revision, a results file or folder."


def compare(
    a: Annotated[str, typer.Argument(help=PLACE)],
    b: Annotated[str, typer.Argument(help=PLACE)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one object of JSON.")] = False,
) -> None:
    """Compare the results of A with those of B."""
    from generative.cli.comparing import report
    from generative.results.collect import of

    report(of(a), of(b), as_json)
