"""`generative report`: the page of what there is, also of a run that failed, or beside another."""

from pathlib import Path
from typing import Annotated

import typer

from generative.core.errors import BadInput


def report(
    out: Annotated[Path, typer.Option(help="The page; beside it lies its data, as JSON.")] = Path(
        ".cache/report/index.html"
    ),
    against: Annotated[
        str | None,
        typer.Option(help="A revision, a folder of a checkout or a profile that was run."),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Of a profile that was run, in the place of the results here."),
    ] = None,
) -> None:
    """Write the page of the results that there are, and say what is missing."""
    from generative.core import folders, params
    from generative.pipeline.workspace import WORKSPACES
    from generative.report import contents, page
    from generative.report.against import against as beside
    from generative.report.against import both_sides

    folder = WORKSPACES / profile if profile else Path()
    run = f"generative repro{f' --profile {profile}' if profile else ''}"
    if not (folder / "data").is_dir():
        raise BadInput(f"{folder / 'data'} is missing; run {run} first")
    if out.suffix not in (".html", ".htm"):
        raise BadInput(f"--out: received {out}, must be a file that ends in .html")
    sides = both_sides(against, folder / "data") if against else None
    found = contents.collect(folder / "data", params.read_document(folder / "params.yaml"))
    if not contents.shows_anything(found):
        raise BadInput(f"{folder / 'data'} holds no results yet; run {run} first")
    if against and sides:
        found = beside(found, against, *sides)
    html = page.build(found)
    out.parent.mkdir(parents=True, exist_ok=True)
    data = out.with_suffix(".json")
    with folders.atomic_file(out) as file, folders.atomic_file(data) as json:
        file.write_text(html, encoding="utf-8")
        folders.write_json(json, found)
    states = page.read_words()["page"]
    for one in found["missing"]:
        print(f"missing: {one['stage']}: {one['reason'] or states[one['state']]['en']}")
    print(f"{out.absolute()} ({len(html.encode()) / 1e6:.1f} MB)")
