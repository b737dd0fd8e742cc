"""All that the page shows, as plain data: what `report.json` holds.

Nothing here is an error: what a run that failed in part did not make is listed as missing, with
what its stage said.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generative.core.history import MACHINE, TABLE, read_params, read_warnings
from generative.core.params import flatten, section
from generative.report import media, metrics
from generative.report.answers import answers
from generative.report.charts import strips
from generative.report.figures import FIGURES, figures, rounded
from generative.report.folders import Folders, read
from generative.results import records
from generative.results.collect import MEASURED, git
from generative.tracking import names

Document = dict[str, Any]
Contents = dict[str, Any]
FAMILIES = ("vae", "gan", "text", "classifiers", "multi_io", "style")
SECTIONS = {"image_quality": "generators"}
# Drawn by the page from the history, in the place of the pictures of these names.
CURVES = ("learning_curves", "learning_curves_by_step")
# Columns of a history that do not change with what is learned.
NO_CURVES = ("longest_side",)
DRAWINGS = ("architecture", "generator", "discriminator", "stack", "encoder", "decoder")
# Sections whose values are shown with what they belong to.
SHOWN_APART = ("defaults", "runtime", "style", "train", "tune")
PICTURES = (".png", ".gif")


def collect(data: Path, document: Document) -> Contents:
    """What there is of everything that `document`, which is params.yaml, names, below `data`."""
    folders = Folders(data)
    known = records.committed(data.parent / records.FOLDER)
    profile = str(document.get("profile", "default"))
    models = [model(folders, document, key) for key in document.get("train") or {}]
    models += [judge(folders, document, key) for key in document.get("judge") or {}]
    models += [transfer(folders, document, key) for key in document.get("style") or {}]
    floors = metrics.references(folders, document, models)
    own = folders.records()
    for one in models:
        one["metrics"] = metrics.listed(one, floors, own, known)
        one["doubts"] = list(metrics.doubts(one["metrics"]))
    families = [
        {"key": family, "models": members, "strips": strips(family, members)}
        for family in FAMILIES
        if (members := [one for one in models if one["family"] == family])
    ]
    return {
        "profile": profile,
        "made": made(data, models),
        "answers": answers(models),
        "families": families,
        "objectives": [objectives(folders, key) for key in document.get("objectives") or {}],
        "searches": [search(folders, key) for key in document.get("tune") or {}],
        "repeats": [found for k in document.get("repeat") or {} if (found := repeat(folders, k))],
        "cases": [{"dataset": name, **cases} for name, cases in floors.items()],
        "committed": metrics.committed(own, known),
        "missing": folders.missing(),
        "parameters": flatten({n: v for n, v in document.items() if n not in SHOWN_APART}),
    }


def shows_anything(found: Contents) -> bool:
    """Whether there is any result at all."""
    models = [model for family in found["families"] for model in family["models"]]
    shown = [*models, *found["objectives"], *found["searches"], *found["repeats"]]
    return bool(found["cases"]) or any(one["hashes"] for one in shown)


def made(data: Path, models: Sequence[Contents]) -> Contents:
    """The commit of the code, its date and whether files differ from it, all empty without git, and
    what the trainings ran on."""
    commit, _, date = git(data.parent, "log", "-1", "--format=%h %cs").partition(" ")
    # The lock is written while stages run: it says nothing of the code.
    changed = git(data.parent, "status", "--porcelain", "--untracked-files=no", "--", ":!dvc.lock")
    machines = sorted({one["machine"] for one in models if one["machine"]})
    return {"commit": commit, "date": date, "changed": bool(changed), "machines": machines}


def model(folders: Folders, document: Document, key: str) -> Contents:
    """A trained model, `train.<key>`, with the parameters that its training wrote down."""
    section_of = document["train"][key]
    history = folders.there("history", key)
    has = [kind for kind in MEASURED if kind == "metrics" or listed_in(document, kind, key)]
    measured = {kind: folders.metrics(kind, key) for kind in has}
    own = [folder for kind in ("samples", *has) if (folder := folders.there(kind, key))]
    params = read_params(history) if history else {}
    used = params.get("train", {}).get(key, {})
    alive = live(folders, key) if listed_in(document, "browser", key) else None
    sheets = () if alive else (sheet for folder in own if (sheet := media.sliders(folder)))
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
        "figures": [f for folder in own for f in figures(folder)],
        "texts": [t for folder in own for t in texts(folder)],
        "curves": curves(history),
        "sliders": next(iter(sheets), None),
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
        "figures": [f for folder in own for f in figures(folder)],
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
        "curves": curves(folder, logarithmic=True),
        "parameters": flatten(section(f"style.{key}", document)),
        "hashes": media.hashes([folder] if folder else []),
    }


def plain(key: str, family: str, dataset: str) -> Contents:
    """A model of which nothing is known yet."""
    nothing: Contents = {"machine": "", "sliders": None, "alive": None}
    empty: Contents = {"data": {}, "numbers": {}, "pictures": [], "figures": [], "texts": []}
    more: Contents = {"curves": None, "warnings": [], "parameters": {}, "hashes": {}}
    return {"key": key, "family": family, "dataset": dataset, **nothing, **empty, **more}


def pictures(folder: Path) -> list[media.Picture]:
    """Those of a folder but its sliders, its curves, and what there is a figure of."""
    files = sorted(file for file in folder.iterdir() if file.suffix in PICTURES)
    drawn = [name for name, (table, _) in FIGURES.items() if (folder / table).exists()]
    left_out = (*CURVES, *drawn, Path(media.SLIDERS).stem, "losses")
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
        if not (file.stem in DRAWINGS and file.with_suffix(".png").exists())
    ]


def curves(history: Path | None, logarithmic: bool = False) -> Contents | None:
    """A training, epoch by epoch: a panel a metric, of the training data and the held-out ones."""
    if not history or not (history / TABLE).exists():
        return None
    table = pd.read_csv(history / TABLE)
    if table.empty or len(table.columns) < 2:
        return None
    time, *columns = table.columns
    panels = []
    for name in columns:
        drawn_with = name.startswith("val_") and name.removeprefix("val_") in columns
        if drawn_with or name in NO_CURVES:
            continue
        both = {"training": name, "validation": f"val_{name}"}
        if name.startswith("val_"):
            both = {"validation": name}
        lines = {key: rounded(table[column]) for key, column in both.items() if column in table}
        panels.append({"name": name.removeprefix("val_"), **lines})
    steps = rounded(table[time])
    return {"time": time, "values": steps, "panels": panels, "logarithmic": logarithmic}


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
    if not folder:
        return {"key": key, "pictures": [], "figures": [], "hashes": {}}
    shown = {"pictures": pictures(folder), "figures": figures(folder)}
    return {"key": key, **shown, "hashes": media.hashes([folder])}


def repeat(folders: Folders, key: str) -> Contents | None:
    """One model that was trained with several seeds, `repeat.<key>`; None of one seed."""
    folder = folders.there("repeats", key)
    if not folder or len(table := pd.read_csv(folder / "seeds.csv", dtype={"seed": str})) < 2:
        return None
    return {"key": key, **listing(table), "hashes": media.hashes([folder])}


def search(folders: Folders, key: str) -> Contents:
    """One search for arguments, `tune.<key>`."""
    folder = folders.there("tuning", key)
    if not folder:
        nothing: Contents = {"best": {}, "metrics": {}, "pictures": [], "figures": []}
        return {"key": key, **nothing, "trials": None, "hashes": {}}
    return {
        "key": key,
        "best": read(folder / "best.json"),
        "metrics": read(folder / "metrics.json"),
        "pictures": pictures(folder),
        "figures": figures(folder),
        "trials": listing(pd.read_csv(folder / "trials.csv")),
        "hashes": media.hashes([folder]),
    }


def listing(table: pd.DataFrame) -> Contents:
    """The columns and rows of a data frame."""
    rows = [[cell(value) for value in row] for row in table.to_numpy(object).tolist()]
    return {"columns": list(table.columns), "rows": rows}


def cell(value: Any) -> Any:
    """What JSON has for a cell: None for what is no finite number, as of a trial that diverged."""
    return value if isinstance(value, str) or np.isfinite(value) else None
