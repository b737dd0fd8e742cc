"""`generative report`: the page of what there is, also of a run that failed, or beside another."""

from pathlib import Path
from typing import Annotated

import typer

from generative.core.errors import BadInput


def report(
    out: Annotated[Path, typer.Option(help="The page; report.json lies beside it.")] = Path(
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

    folder = WORKSPACES / profile if profile else Path()
    if not (folder / "data").is_dir():
        raise BadInput(f"{folder / 'data'} is missing; run generative repro first")
    if out.suffix not in (".html", ".htm"):
        raise BadInput(f"--out: received {out}, must be a file that ends in .html")
    found = contents.collect(folder / "data", params.read_document(folder / "params.yaml"))
    if not any(model["metrics"] for family in found["families"] for model in family["models"]):
        raise BadInput(f"{folder / 'data'} holds no results yet; run generative repro first")
    if against:
        found = beside(found, folder / "data", against)
    html = page.build(found)
    out.parent.mkdir(parents=True, exist_ok=True)
    with folders.atomic_file(out) as file:
        file.write_text(html, encoding="utf-8")
    folders.write_json(out.with_name("report.json"), found)
    for one in found["missing"]:
        print(f"missing: {one['stage']} {one['reason'] or 'has not run'}")
    print(f"{out.absolute()} ({len(html.encode()) / 1e6:.1f} MB)")
