"""All that the page shows, as plain data: what `report.json` holds.

Nothing here is an error: what a run that failed in part did not make is listed as missing, with
what its stage said.
"""

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generative.core.errors import BadInput
from generative.core.folders import read_json
from generative.core.history import MACHINE, TABLE, read_params, read_warnings
from generative.core.params import flatten, section
from generative.report import media, metrics
from generative.report.answers import answers
from generative.report.charts import strips
from generative.results import records
from generative.tracking import names

Document = dict[str, Any]
Contents = dict[str, Any]
FAMILIES = ("vae", "gan", "text", "classifiers", "multi_io", "style")
# Of a model, the folders of data/ that hold metrics and pictures, and their stages.
MEASURED = {
    "metrics": "evaluate",
    "image_quality": "image_quality",
    "disentanglement": "disentanglement",
}
MAKERS = {
    **MEASURED,
    "models": "train",
    "history": "train",
    "samples": "render",
    "style": "style",
    "tuning": "tune",
    "repeats": "repeat",
    "objectives": "objectives",
    "references": "references",
    "judge": "judge",
    "browser": "browser",
}
SECTIONS = {"image_quality": "generators"}
LOGS = Path(".cache/logs")
# Drawn by the page from the history, in the place of the pictures of these names.
CURVES = ("learning_curves", "learning_curves_by_step")
DRAWINGS = ("architecture", "generator", "discriminator", "stack", "encoder", "decoder")
# Sections whose values are shown with what they belong to.
SHOWN_APART = ("defaults", "runtime", "style", "train", "tune")
PICTURES = (".png", ".gif")


class Folders:
    """The results below `data`, and what is missing of them."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.missing: list[dict[str, str]] = []

    def there(self, kind: str, key: str) -> Path | None:
        """`data/<kind>/<key>`, or None and a line among the missing."""
        folder = self.data / kind / key
        if folder.is_dir():
            return folder
        stage = f"{MAKERS[kind]}@{key}"
        if (kind, key) == ("metrics", "judge"):
            stage = "evaluate_judge@mnist"
        if all(stage != one["stage"] for one in self.missing):
            self.missing.append({"stage": stage, "reason": self.said(stage)})
        return None

    def said(self, stage: str) -> str:
        """The last error in the log of a stage; nothing where it has not run."""
        log = self.data.parent / LOGS / f"{stage}.log"
        if not log.is_file():
            return ""
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        return (said or [line for line in lines if line.strip()] or [""])[-1]

    def metrics(self, kind: str, key: str) -> dict[str, Any]:
        folder = self.there(kind, key)
        return read(folder / "metrics.json") if folder else {}


def read(file: Path) -> dict[str, Any]:
    """A file of JSON; `BadInput` where it was cut."""
    try:
        found: dict[str, Any] = read_json(file)
    except (OSError, ValueError):
        raise BadInput(f"{file} is missing, or it was cut; run dvc checkout") from None
    return found


def collect(data: Path, document: Document) -> Contents:
    """What there is of everything that `document`, which is params.yaml, names, below `data`."""
    folders = Folders(data)
    known = records.committed(data.parent / records.FOLDER)
    profile = str(document.get("profile", "default"))
    models = [model(folders, document, key) for key in document.get("train") or {}]
    models += [judge(folders, document, key) for key in document.get("judge") or {}]
    models += [transfer(folders, document, key) for key in document.get("style") or {}]
    floors = metrics.references(partial(folders.metrics, "references"), document, models)
    for one in models:
        one["metrics"] = metrics.listed(one, floors, known, profile)
    found = [one for one in models if one["metrics"] or one["pictures"]]
    families = [
        {"key": family, "models": own, "strips": strips(family, own)}
        for family in FAMILIES
        if (own := [one for one in models if one["family"] == family])
    ]
    return {
        "profile": profile,
        "made": made(data, models),
        "answers": answers(found),
        "families": families,
        "objectives": [objectives(folders, key) for key in document.get("objectives") or {}],
        "searches": [search(folders, document, key) for key in document.get("tune") or {}],
        "repeats": [r for k in document.get("repeat") or {} if (r := repeat(folders, document, k))],
        "cases": [{"dataset": name, **own} for name, own in floors.items()],
        "committed": metrics.committed(data),
        "missing": folders.missing,
        "parameters": flatten({n: v for n, v in document.items() if n not in SHOWN_APART}),
    }


def made(data: Path, models: Sequence[Contents]) -> Contents:
    """The commit of the code and its date, empty without git, and what the trainings ran on."""
    line = ""
    with suppress(OSError, subprocess.CalledProcessError):
        command = ["git", "-C", str(data.parent), "log", "-1", "--format=%h %cs"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        line = done.stdout.strip()
    commit, _, date = line.partition(" ")
    machines = sorted({one["machine"] for one in models if one["machine"]})
    return {"commit": commit, "date": date, "machines": machines}


def model(folders: Folders, document: Document, key: str) -> Contents:
    """A trained model, `train.<key>`, with the parameters that its training wrote down."""
    section_of = document["train"][key]
    history = folders.there("history", key)
    has = [kind for kind in MEASURED if kind == "metrics" or listed_in(document, kind, key)]
    measured = {kind: folders.metrics(kind, key) for kind in has}
    own = [folder for kind in ("samples", *has) if (folder := folders.there(kind, key))]
    params = read_params(history) if history else {}
    used = params.get("train", {}).get(key, {})
    sheets = [sheet for folder in own if (sheet := media.sliders(folder))]
    alive = live(folders, key) if listed_in(document, "browser", key) else None
    return {
        "key": key,
        "family": section_of["family"],
        "dataset": section_of.get("dataset", ""),
        "data": used.get("data", {}),
        "machine": machine(history),
        "numbers": {
            names.result(kind, name): value
            for kind, own_metrics in measured.items()
            for name, value in own_metrics.items()
        },
        "pictures": [p for folder in own for p in pictures(folder)],
        "texts": [t for folder in own for t in texts(folder)],
        "curves": curves(history),
        "sliders": None if alive else next(iter(sheets), None),
        "alive": alive,
        "warnings": read_warnings(history) if history else [],
        "parameters": flatten({**used, "runtime": params["runtime"]}) if params else {},
        "hashes": media.hashes([*([history] if history else []), *own]),
    }


def listed_in(document: Document, kind: str, key: str) -> bool:
    return key in (document.get(SECTIONS.get(kind, kind)) or {})


def machine(history: Path | None) -> str:
    """What a training ran on, in a few words."""
    if not history or not (history / MACHINE).exists():
        return ""
    found = read(history / MACHINE)
    return ", ".join(str(found[n]) for n in ("processor", "device", "precision") if n in found)


def judge(folders: Folders, document: Document, key: str) -> Contents:
    """The judge of digits, beside the classifiers that it is made of."""
    measured = folders.metrics("metrics", "judge")
    own = [f for f in (folders.there("judge", key), folders.there("metrics", "judge")) if f]
    return {
        **plain("judge", "classifiers", key),
        "numbers": {names.result("metrics", name): value for name, value in measured.items()},
        "pictures": [p for folder in own for p in pictures(folder)],
        "texts": [t for folder in own for t in texts(folder)],
        "parameters": flatten(document["judge"][key]),
        "hashes": media.hashes(own),
    }


def transfer(folders: Folders, document: Document, key: str) -> Contents:
    """One picture in the style of others, `style.<key>`."""
    folder = folders.there("style", key)
    return {
        **plain(key, "style", ""),
        "numbers": folders.metrics("style", key),
        "pictures": pictures(folder) if folder else [],
        "curves": curves(folder),
        "parameters": flatten(section(f"style.{key}", document)),
        "hashes": media.hashes([folder] if folder else []),
    }


def plain(key: str, family: str, dataset: str) -> Contents:
    """A model of which nothing is known yet."""
    nothing: Contents = {"machine": "", "sliders": None, "alive": None}
    empty: Contents = {"data": {}, "numbers": {}, "pictures": [], "texts": []}
    more: Contents = {"curves": None, "warnings": [], "parameters": {}, "hashes": {}}
    return {"key": key, "family": family, "dataset": dataset, **nothing, **empty, **more}


def pictures(folder: Path) -> list[media.Picture]:
    """Those of a folder but its sliders and its curves."""
    files = sorted(file for file in folder.iterdir() if file.suffix in PICTURES)
    left_out = (*CURVES, Path(media.SLIDERS).stem, "losses")
    return [
        {**media.picture(file), "drawing": file.stem in DRAWINGS}
        for file in files
        if file.stem not in left_out
    ]


def texts(folder: Path) -> list[Contents]:
    files = sorted(file for file in folder.iterdir() if file.suffix == ".txt")
    return [
        {"name": file.stem, "text": file.read_text("utf-8"), "drawing": file.stem in DRAWINGS}
        for file in files
    ]


def curves(history: Path | None) -> Contents | None:
    """A training, epoch by epoch: a panel a metric, of the training data and the held-out ones."""
    if not history or not (history / TABLE).exists():
        return None
    table = pd.read_csv(history / TABLE)
    if table.empty or len(table.columns) < 2:
        return None
    time, *columns = table.columns
    panels = []
    for name in columns:
        if name.startswith("val_") and name.removeprefix("val_") in columns:
            continue
        both = {"training": name, "validation": f"val_{name}"}
        if name.startswith("val_"):
            both = {"validation": name}
        lines = {key: numbers(table[column]) for key, column in both.items() if column in table}
        panels.append({"name": name.removeprefix("val_"), **lines})
    return {"time": time, "values": numbers(table[time]), "panels": panels}


def numbers(column: "pd.Series[Any]") -> list[float | None]:
    """What JSON has for a column: None for what is no finite number."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(float)
    return [float(value) if np.isfinite(value) else None for value in values]


def live(folders: Folders, key: str) -> Contents | None:
    """A model that the page computes."""
    from base64 import b64encode

    if not (folder := folders.there("browser", key)):
        return None
    weights = b64encode((folder / "weights.bin").read_bytes()).decode()
    return {
        **read(folder / "model.json"),
        "weights": weights,
        "cost": read(folder / "metrics.json"),
    }


def objectives(folders: Folders, key: str) -> Contents:
    """The figure of GANs that differ in the generator's objective."""
    folder = folders.there("objectives", key)
    shown = pictures(folder) if folder else []
    return {"key": key, "pictures": shown, "hashes": media.hashes([folder] if folder else [])}


def repeat(folders: Folders, document: Document, key: str) -> Contents | None:
    """One model that was trained with several seeds, `repeat.<key>`; None of one seed."""
    folder = folders.there("repeats", key)
    if not folder or len(table := pd.read_csv(folder / "seeds.csv", dtype={"seed": str})) < 2:
        return None
    return {"key": key, **listing(table), "hashes": media.hashes([folder])}


def search(folders: Folders, document: Document, key: str) -> Contents:
    """One search for arguments, `tune.<key>`."""
    folder = folders.there("tuning", key)
    if not folder:
        return {"key": key, "best": {}, "metrics": {}, "pictures": [], "trials": None, "hashes": {}}
    return {
        "key": key,
        "best": read(folder / "best.json"),
        "metrics": read(folder / "metrics.json"),
        "pictures": pictures(folder),
        "trials": listing(pd.read_csv(folder / "trials.csv")),
        "hashes": media.hashes([folder]),
    }


def listing(table: pd.DataFrame) -> Contents:
    """The columns and rows of a data frame."""
    rows = [[None if pd.isna(v) else v for v in row] for row in table.to_numpy(object).tolist()]
    return {"columns": list(table.columns), "rows": rows}
