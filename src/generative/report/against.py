"""Two results side by side: what `generative compare` says of them, and their pictures."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from generative.core.errors import BadInput
from generative.core.params import read_document
from generative.report import contents
from generative.results import collect, records
from generative.results.comparison import Finding, compare, differences
from generative.results.records import Record

Contents = dict[str, Any]
# Of rows, those first that tell most.
ORDER = ("off", "no_range", "within", "missing", "equal")
# What another revision has of pictures.
FOLDERS = ("samples", "image_quality", "disentanglement", "style", "objectives", "metrics")


def both_sides(source: str, data: Path) -> tuple[list[Record], list[Record]]:
    """The results below `data`, and those of `source`: a folder, a profile or a revision.

    Raises `BadInput` if `source` has none, or none of a model that `data` has.
    """
    if not collect.folder_of(source) and Path(source).exists():
        raise BadInput(
            f"--against: received {source}, which has numbers only; name a folder of a checkout, a "
            "profile or a revision, or run generative compare"
        )
    own, other = collect.of_checkout(data.parent), collect.of(source)
    if not {one.model for one in own} & {one.model for one in other}:
        raise BadInput(f"{source} has no model in common with {data.parent.absolute()}")
    return own, other


def against(
    here: Contents, source: str, own: Sequence[Record], other: Sequence[Record]
) -> Contents:
    """`here`, whose results are `own`, with what those of `source`, `other`, are beside it."""
    models, others = ({record.model for record in found} for found in (own, other))
    known = {(r.model, name): value for r in other for name, value in r.metrics.items()}
    rows = [
        {
            "model": one.model,
            "metric": one.metric,
            "here": one.value,
            "there": (there := known.get((one.model, one.metric))),
            "low": one.low,
            "high": one.high,
            # Two numbers of which nobody knows how far seeds put them apart.
            "status": "no_range" if one.status == "missing" and paired(one, there) else one.status,
            "reason": one.reason,
        }
        for one in compare(own, other, records.committed())
        if one.model in models & others
    ]
    with folder_of(source) as folder:
        pairs = list(pictures(here, folder))
    return {
        **here,
        "against": {
            "here": here["profile"],
            "there": source,
            "only_here": sorted(models - others),
            "only_there": sorted(others - models),
            "differs": differences(own, other, measured_alike=False),
            "rows": sorted(rows, key=lambda row: ORDER.index(str(row["status"]))),
            "pictures": pairs,
        },
    }


def paired(one: Finding, there: float | None) -> bool:
    """Whether both sides have the number."""
    return one.value is not None and there is not None


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
def folder_of(source: str) -> Iterator[Path]:
    """The folder of a checkout or a profile; of a revision one that DVC fills for as long."""
    if place := collect.folder_of(source):
        yield place
        return
    with collect.files_of(source) as files, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "params.yaml").write_bytes(files.read_bytes("params.yaml"))
        for name in FOLDERS:
            if files.isdir(f"data/{name}"):
                files.get(f"data/{name}", str(folder / "data" / name), recursive=True)
        yield folder
