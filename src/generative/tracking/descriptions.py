"""What a person reads of a run: a description in markdown, and the shapes of its data."""

import ast
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np

from generative.core.members import PACKAGE

REPORT = "data/report/index.html"
# The picture that says most of a model: the first of these that there is.
PICTURES = ("samples.png", "picture.png", "reconstructions.png", "examples.png", "history.png")


def of_network(network: str) -> str:
    """What the docstrings of a network's file say of it; the file is read and not imported."""
    file = PACKAGE / f"{network}.py"
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ""
    wanted = file.stem.replace("_", "")
    classes = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name.lower() == wanted)
    nodes: list[ast.Module | ast.ClassDef] = [tree, *classes]
    texts = [ast.get_docstring(node) or "" for node in nodes]
    return "\n\n".join(text.split("\n\n")[0].replace("\n", " ") for text in texts if text)


def of_run(run: str, tags: dict[str, str], pictures: list[str]) -> str:
    """Markdown: what the model is, its picture, and where to read on.

    pictures: paths of the run's artifacts.
    """
    parts = [of_network(tags.get("network", "")) or f"The result of `{tags['dvc.stage']}`."]
    by_name = {Path(path).name: path for path in sorted(pictures)}
    for name in [name for name in (*PICTURES, *by_name) if name in by_name][:1]:
        address = urlencode({"path": by_name[name], "run_uuid": run})
        parts.append(f"![{Path(name).stem}](get-artifact?{address})")
    parts.append(
        f"Made by `dvc repro {tags['dvc.stage']}`. All results side by side: `{REPORT}`, which "
        "`dvc repro report` writes."
    )
    return "\n\n".join(parts)


def of_data(place: Path) -> tuple[str, str]:
    """The schema and the profile of prepared data, as MLflow shows them: the type and shape of each
    array, and its number of examples. Both are empty objects for anything else, such as a
    picture."""
    shapes = dict(sorted(shapes_of(place / f"{place.name}.npz").items()))
    columns = [
        {"name": n, "type": f"{kind} {list(shape[1:])}"} for n, (kind, shape) in shapes.items()
    ]
    counts = {f"num_{name}": shape[0] for name, (_, shape) in shapes.items() if shape}
    return json.dumps({"mlflow_colspec": columns} if columns else {}), json.dumps(counts)


def shapes_of(file: Path) -> dict[str, tuple[str, Any]]:
    """The type and shape of each array of an .npz, read from their headers; empty for a file that
    is none: whoever reads the arrays says so."""
    found: dict[str, tuple[str, Any]] = {}
    with suppress(OSError, ValueError, zipfile.BadZipFile), zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            with archive.open(name) as header:
                read = (
                    np.lib.format.read_array_header_1_0
                    if np.lib.format.read_magic(header) == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, _, kind = read(header)
            found[name.removesuffix(".npy")] = (str(kind), shape)
    return found
