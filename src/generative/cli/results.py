"""`generative results`: this checkout's results as committed records, and what is made of them."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Committed results, seed by seed, and their tables.")


@app.command()
def add(
    source: Annotated[
        str, typer.Argument(help="A checkout, a profile that was run, a revision.")
    ] = ".",
    models: Annotated[
        list[str] | None, typer.Option("--model", help="One of its models; all without.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take out records of other parameters.")
    ] = False,
) -> None:
    """Add the results of SOURCE to results/records, and write what is made of them."""
    from generative.core.errors import unknown
    from generative.results import records
    from generative.results.collect import of

    found = of(source)
    for model in models or ():
        if model not in {record.model for record in found}:
            raise unknown("model", model, {record.model for record in found})
    chosen = [record for record in found if not models or record.model in models]
    for file, (count, gone) in records.add(chosen, replace=replace).items():
        print(f"written: {file}, {count} records{f', {gone} taken out' if gone else ''}")
    write()


@app.command()
def write() -> None:
    """Write what is made of results/records: a page a model, and the tables in README and docs."""
    from generative.results import pages, records

    for file in pages.write(records.read(records.FOLDER), records.FOLDER.parent, Path()):
        print(f"written: {file}")
