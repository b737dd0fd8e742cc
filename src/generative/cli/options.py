"""Options that commands share, those that were given, and those that do not fit."""

from typing import Annotated, Any

import typer

from generative.core import errors

ShowAll = Annotated[bool, typer.Option("--all", help="Show numbers that are right, too.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def refuse(options: dict[str, Any], why: str) -> None:
    for name in options:
        raise errors.BadInput(f"--{name.replace('_', '-')}: {why}")
