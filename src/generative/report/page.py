"""The report: one HTML file that needs nothing else, from the files the other stages wrote."""

import base64
import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from PIL import Image

from generative.core.errors import BadInput
from generative.core.params import flatten

# Of films in the page, in percent: a quarter of the bytes of the .gif beside it.
FILM_QUALITY = 80
# A picture of more is unreadable beside another.
WIDE_PIXELS = 1000
# The blocks of params.yaml that are shown with what they belong to.
OWN = ("style", "train", "tune")


def build(data: Path, document: dict[str, Any]) -> str:
    """The page for everything that `document`, which is params.yaml, names, made from `data`.

    Raises `BadInput` if a model has no metrics or no pictures, or if models were measured with
    other eyes than those that they are compared with.
    """
    blocks = {**document["train"], "ensemble": document["ensemble"]}
    models = [describe(data, key, block) for key, block in blocks.items()]
    calibration = read_json(existing(data / "metrics" / "calibration") / "metrics.json")
    judge = calibration.pop("judge")
    cases = [{"key": name, "metrics": metrics} for name, metrics in calibration.items()]
    image_metrics = list(cases[0]["metrics"])
    judged = [model for model in models if "judge" in model["metrics"]]
    for model in judged:
        if model["metrics"]["judge"] != judge:
            raise BadInput(
                f"data/metrics/{model['key']} comes from the judge {model['metrics']['judge']}, "
                f"the calibration from {judge}: they do not compare; run dvc repro"
            )
    pictured = [model for model in models if "features" in model["metrics"]]
    features = list(dict.fromkeys(model["metrics"]["features"] for model in pictured))
    if len(features) > 1:
        raise BadInput(
            f"data/metrics holds numbers of the features {' and '.join(features)}: they do not "
            "compare; run dvc repro"
        )
    families = list(dict.fromkeys(model["family"] for model in models))
    # The figure that several models are in has a folder, but is of no model.
    drawn = document.get("render", {})
    shared = {name: block for name, block in document.items() if name not in OWN}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = number
    environment.globals.update(cell=cell, margins=margins)
    return environment.get_template("page.html.jinja").render(
        models=models,
        judge=judge,
        images=comparison([*cases, *judged], image_metrics),
        features=features,
        of_pictures=comparison([column for model in pictured for column in beside_floor(model)]),
        families={
            family: comparison(
                [m for m in models if m["family"] == family and m not in pictured],
                leave_out={"judge", *image_metrics},
            )
            for family in families
        },
        first_adversarial=next((m["key"] for m in models if m["family"] == "adversarial"), ""),
        objectives=figures(data / "samples" / "objectives") if "objectives" in drawn else {},
        interactive=sheets(data / "samples" / "interactive") if "interactive" in drawn else [],
        repeats=[repeated(data, key, block) for key, block in document.get("repeat", {}).items()],
        searches=[search(data, key, block) for key, block in document["tune"].items()],
        transfers=[transfer(data, k, block) for k, block in document.get("style", {}).items()],
        shared_params=flatten(shared),
    )


def comparison(
    columns: list[dict[str, Any]], names: list[str] | None = None, leave_out: set[str] | None = None
) -> dict[str, Any]:
    """A table: a row for each of the metrics `names`, or for all but some, a column for each of
    `columns`."""
    found = dict.fromkeys(name for column in columns for name in column["metrics"])
    kept = [n for n in found if not n.endswith("_deviation") and n not in (leave_out or ())]
    rows = names or kept
    return {"columns": [c for c in columns if c["metrics"].keys() & set(rows)], "names": rows}


def margins(models: list[dict[str, Any]]) -> dict[str, Any]:
    """A table: a row for each metric of `models` that has a baseline, with the interval of the
    margin over examples and, where examples have something in common, over groups of them."""
    found = []
    for model in models:
        metrics = model["metrics"]
        for name in (name for name in metrics if f"{name}_baseline" in metrics):
            low, high = f"{name}_margin_low", f"{name}_margin_high"
            groups = [own.removeprefix(low) for own in metrics if own.startswith(f"{low}_by_")]
            between = [
                f"{metrics[low + by]:.3g} to {metrics[high + by]:.3g}{by.replace('_', ' ')}"
                for by in ("", *groups)
            ]
            values = (metrics[f"{name}{end}"] for end in ("", "_baseline", "_margin"))
            found.append([model["key"], name.replace("_", " "), *values, *[*between, ""][:2]])
    names = ["model", "metric", "test", "baseline", "margin", "by example", "by group"]
    return {"columns": names, "rows": found}


def beside_floor(model: dict[str, Any]) -> list[dict[str, Any]]:
    """Two columns of a table: a model of colour pictures, and real pictures of its data set."""
    floor, own = {}, {}
    for name, value in model["metrics"].items():
        if name.startswith("floor_"):
            floor[name.removeprefix("floor_")] = value
        elif name != "features":
            own[name] = value
    return [
        {"key": model["key"], "metrics": own},
        {"key": f"real {model['dataset']}", "metrics": floor},
    ]


def describe(data: Path, key: str, block: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of one model."""
    model, metrics, samples = (existing(data / k / key) for k in ("models", "metrics", "samples"))
    card = read_json(model / "model.json")
    history = model / "history.csv"
    table = pd.read_csv(history) if history.exists() else pd.DataFrame()
    prepared = sorted((data / "prepared" / card["dataset"]).iterdir())
    concerns = model / "concerns.txt"
    measured = (file for kind in ("*.png", "*.txt") for file in sorted(metrics.glob(kind)))
    drawn = [*sorted(samples.iterdir()), *measured]
    return {
        "key": key,
        "dataset": card["dataset"],
        "family": block.get("family", "classification"),
        "data": card["data"],
        "metrics": read_json(metrics / "metrics.json"),
        "pictures": [picture(file) for file in drawn],
        "concerns": concerns.read_text(encoding="utf-8").splitlines() if concerns.exists() else [],
        "history": rows(table),
        "params": flatten(block),
        "hashes": hashes([*prepared, *sorted(model.iterdir()), *sorted(metrics.iterdir())]),
    }


def figures(folder: Path) -> dict[str, Any]:
    """What the page shows of figures that several models are in."""
    return {
        "pictures": [picture(file) for file in sorted(existing(folder).glob("*.png"))],
        "hashes": hashes(sorted(folder.iterdir())),
    }


def sheets(folder: Path) -> list[dict[str, Any]]:
    """What the page shows of models whose controls have sliders."""
    axes = read_json(existing(folder) / "axes.json")
    found = []
    for key, own in axes.items():
        file = folder / f"{key}.png"
        with Image.open(file) as opened:
            side = opened.width // len(own[-1]["values"])
        found.append({"key": key, "axes": own, "side": side, **picture(file)})
    return found


def repeated(data: Path, key: str, block: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of one model that was trained with several seeds."""
    folder = existing(data / "repeats" / key)
    table = pd.read_csv(folder / "seeds.csv", dtype={"seed": str})
    median = {"seed": "median", **read_json(folder / "metrics.json")}
    return {
        "key": key,
        "seeds": rows(pd.concat([table, pd.DataFrame([median])])),
        "params": flatten(block),
        "hashes": hashes(sorted(folder.iterdir())),
    }


def search(data: Path, key: str, block: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of one search for arguments."""
    folder = existing(data / "tuning" / key)
    return {
        "key": key,
        "best": read_json(folder / "best.json"),
        "metrics": read_json(folder / "metrics.json"),
        "pictures": [picture(file) for file in sorted(folder.glob("*.png"))],
        "trials": rows(pd.read_csv(folder / "trials.csv")),
        "params": flatten(block),
        "hashes": hashes(sorted(folder.iterdir())),
    }


def transfer(data: Path, key: str, block: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of one picture in the style of others."""
    folder = existing(data / "style" / key)
    drawn = [folder / "picture.png", folder / "film.gif"]
    drawn += [folder / f"{name}.png" for name in ("beside", "steps", "losses")]
    return {
        "key": key,
        "metrics": read_json(folder / "metrics.json"),
        "pictures": [picture(file) for file in drawn],
        "history": rows(pd.read_csv(folder / "history.csv")),
        "params": flatten(block),
        "hashes": hashes(sorted(folder.iterdir())),
    }


def existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise BadInput(f"{folder} is missing; run dvc repro")
    return folder


def read_json(file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def rows(table: pd.DataFrame) -> dict[str, Any]:
    return {"columns": list(table.columns), "rows": table.to_numpy().tolist()}


def hashes(files: list[Path]) -> dict[str, str]:
    return {str(file): hashlib.md5(file.read_bytes()).hexdigest() for file in files}


def picture(file: Path) -> dict[str, Any]:
    """A picture ready to be put in the page; a text file as it is."""
    content = file.read_bytes()
    shown: dict[str, Any] = {
        "caption": file.stem.replace("_", " "),
        "md5": hashlib.md5(content).hexdigest(),
    }
    if file.suffix == ".txt":
        return {**shown, "text": content.decode("utf-8")}
    with Image.open(file) as opened:
        shown["wide"] = opened.width > WIDE_PIXELS
        if file.suffix == ".gif":
            film = BytesIO()
            opened.save(film, "webp", save_all=True, quality=FILM_QUALITY)
            content = film.getvalue()
    kind = "png" if file.suffix == ".png" else "webp"
    encoded = base64.b64encode(content).decode()
    return {**shown, "source": f"data:image/{kind};base64,{encoded}"}


def cell(metrics: dict[str, Any], name: str) -> str:
    """A metric, with its deviation over sampling seeds; empty where there is none."""
    text = number(metrics.get(name, ""))
    deviation = metrics.get(f"{name}_deviation")
    return text if deviation is None else f"{text} ± {deviation:.2g}"


def number(value: Any) -> str:
    """Whole numbers whole, others with four significant digits; text as it is."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.4g}"
    return f"{value:.0f}" if isinstance(value, float) else str(value)
