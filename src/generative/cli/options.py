"""Options of commands that were given, and those that do not fit."""

from typing import Any

from generative.core import errors


def given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}


def refuse(options: dict[str, Any], why: str) -> None:
    for name in options:
        raise errors.BadInput(f"--{name.replace('_', '-')}: {why}")
