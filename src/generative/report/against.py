"""Two results side by side: what `generative compare` says of them, and their pictures."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from generative.core.errors import BadInput
from generative.core.params import read_document
from generative.report import contents
from generative.results import collect, records
from generative.results.comparison import compare, differences

Contents = dict[str, Any]
# What another revision has of pictures.
FOLDERS = ("samples", "image_quality", "disentanglement", "style", "objectives", "metrics")


def against(here: Contents, data: Path, source: str) -> Contents:
    """`here`, with what the results of `source`, a folder, a profile or a revision, are beside it.

    Raises `BadInput` if they have no model in common, or `source` has no results.
    """
    own, other = collect.of_checkout(data.parent), collect.of(source)
    models, others = ({record.model for record in found} for found in (own, other))
    if not models & others:
        raise BadInput(f"{source} has no model in common with {data.parent.absolute()}")
    known = {(r.model, name): value for r in other for name, value in r.metrics.items()}
    rows = [
        {
            "model": one.model,
            "metric": one.metric,
            "here": one.value,
            "there": known.get((one.model, one.metric)),
            "low": one.low,
            "high": one.high,
            "status": one.status,
        }
        for one in compare(own, other, records.committed())
        if one.model in models & others
    ]
    with folder_of(source) as folder:
        pairs = list(pictures(here, folder)) if folder else []
    return {
        **here,
        "against": {
            "here": here["profile"],
            "there": source,
            "only_here": sorted(models - others),
            "only_there": sorted(others - models),
            "differs": differences(own, other),
            "rows": sorted(rows, key=lambda row: row["status"] != "off"),
            "pictures": pairs,
        },
    }


def pictures(here: Contents, folder: Path) -> Iterator[Contents]:
    """Each picture that both sides have, where they differ."""
    there = contents.collect(folder / "data", read_document(folder / "params.yaml"))
    found = {(key, p["name"]): p for key, p in shown(there)}
    for key, own in shown(here):
        other = found.get((key, own["name"]))
        if other and other["md5"] != own["md5"]:
            yield {"model": key, "name": own["name"], "here": own, "there": other}


def shown(found: Contents) -> Iterator[tuple[str, Contents]]:
    for family in found["families"]:
        for model in family["models"]:
            for picture in model["pictures"]:
                if not picture["drawing"]:
                    yield model["key"], picture


@contextmanager
def folder_of(source: str) -> Iterator[Path | None]:
    """The folder of a checkout or a profile; of a revision one that DVC fills for as long; None of
    a results file, which has no pictures."""
    for place in (Path(source), collect.WORKSPACES / source):
        if (place / "params.yaml").is_file():
            yield place
            return
    if Path(source).exists():
        yield None
        return
    from dvc.api import DVCFileSystem

    with closing(DVCFileSystem(".", rev=source)) as files, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "params.yaml").write_bytes(files.read_bytes("params.yaml"))
        for name in FOLDERS:
            if files.isdir(f"data/{name}"):
                files.get(f"data/{name}", str(folder / "data" / name), recursive=True)
        yield folder
