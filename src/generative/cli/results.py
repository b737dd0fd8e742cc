"""`generative results`: this checkout's results as committed records."""

import typer

app = typer.Typer(no_args_is_help=True, help="Committed results, seed by seed.")


@app.command()
def add(
    source: str = typer.Argument(".", help="A checkout, a profile that was run, a revision."),
) -> None:
    """Add the results of SOURCE to results/, in the place of older ones of the same training."""
    from generative.results import records
    from generative.results.collect import of

    for file in records.add(of(source)):
        print(f"written: {file}")
