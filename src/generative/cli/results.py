"""`generative results`: this checkout's results as committed records, and what is made of them."""

from pathlib import Path

import typer

app = typer.Typer(no_args_is_help=True, help="Committed results, seed by seed, and their tables.")


@app.command()
def add(
    source: str = typer.Argument(".", help="A checkout, a profile that was run, a revision."),
) -> None:
    """Add the results of SOURCE to results/, in the place of older ones of the same training."""
    from generative.results import records
    from generative.results.collect import of

    for file in records.add(of(source)):
        print(f"written: {file}")
    write()


@app.command()
def write() -> None:
    """Write what is made of results/*.json: a page a model, and the tables in README and docs."""
    from generative.results import pages, records

    for file in pages.write(records.read(records.FOLDER), records.FOLDER, Path()):
        print(f"written: {file}")
