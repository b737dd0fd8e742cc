"""`generative params`: check params.yaml, or merge a profile into it."""

from pathlib import Path
from typing import Annotated

import typer

from generative.core import errors
from generative.core import params as sections

app = typer.Typer(no_args_is_help=True, help="Check params.yaml, or merge a profile into it.")

PROFILES = Path("profiles")


@app.command()
def check() -> None:
    """Check every section of params.yaml: unknown names, types, ranges."""
    from generative.pipeline.check import check_all, lacking_characters, missing_files, undeclared

    names = check_all()
    document = sections.read_document()
    for find in (undeclared, missing_files, lacking_characters):
        for mistake in find(document):
            raise errors.BadInput(f"{sections.PATH}: {mistake}")
    print(f"{sections.PATH}: {len(names)} sections are right")


@app.command()
def use(
    profile: Annotated[str, typer.Argument(help="A file of profiles/, without .yaml.")],
) -> None:
    """Merge a profile into params.yaml; git checkout params.yaml undoes it."""
    from generative.pipeline import overlay

    for name in overlay.use(find_profile(profile)):
        print(f"changed {name}")


def find_profile(name: str) -> Path:
    """The file of a profile; `BadInput` for a name that there is none of."""
    known = {file.stem: file for file in PROFILES.glob("*.yaml")}
    if name not in known:  # a path is none: its folder would become a workspace
        raise errors.unknown("profile", name, known)
    return known[name]
