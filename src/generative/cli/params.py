"""`generative params`: check params.yaml, or merge a profile into it."""

import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any

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
    force: Annotated[
        bool, typer.Option("--force", help="Also over values that are not committed.")
    ] = False,
) -> None:
    """Merge a profile into params.yaml; git checkout params.yaml undoes it."""
    from generative.pipeline import overlay

    file = find_profile(profile)
    document = sections.read_document()
    merged = deepcopy(document)
    overlay.merge(merged, sections.read_document(file), file, document)
    before, after = sections.flatten(document), sections.flatten(merged)
    lost = [f"{n}: {before[n]}" for n in uncommitted(before) if after.get(n) != before[n]]
    if lost and not force:
        raise errors.BadInput(
            f"{sections.PATH} has values that are not committed and that {file} would overwrite: "
            f"{', '.join(lost)}; commit them first, or add --force"
        )
    for name in overlay.use(file):
        print(f"changed {name}{f', which was {before[name]}' if name in before else ''}")


def uncommitted(values: dict[str, Any]) -> list[str]:
    """The names of `values`, all of params.yaml, that git has other values of; none without git."""
    from ruamel.yaml import YAML, YAMLError

    command = ["git", "show", f"HEAD:./{sections.PATH}"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, check=True)
        committed = sections.flatten(YAML(typ="safe").load(shown.stdout))
    except (OSError, subprocess.CalledProcessError, YAMLError):
        return []
    return [name for name, value in values.items() if committed.get(name) != value]


def find_profile(name: str) -> Path:
    """The file of a profile; `BadInput` for a name that there is none of."""
    known = {file.stem: file for file in PROFILES.glob("*.yaml")}
    if name not in known:  # a path is none: its folder would become a workspace
        raise errors.unknown("profile", name, known)
    return known[name]
