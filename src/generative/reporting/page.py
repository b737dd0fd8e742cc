"""The report: one HTML file that needs nothing else, from the files the other stages wrote."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from generative.errors import BadInput
from generative.params import flatten

MEDIA_TYPES = {".png": "image/png", ".gif": "image/gif"}


def build(data: Path, document: dict[str, Any]) -> str:
    """The page for every model of `document["train"]`, whose results are under `data`.

    Raises `BadInput` if a model has no metrics or no pictures.
    """
    models = [describe(data, key, block) for key, block in document["train"].items()]
    names = list(dict.fromkeys(name for model in models for name in model["metrics"]))
    shared = {name: block for name, block in document.items() if name != "train"}
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = number
    template = environment.get_template("page.html.jinja")
    return template.render(models=models, metric_names=names, shared_params=flatten(shared))


def describe(data: Path, key: str, block: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of one model."""
    model, metrics, samples = (data / kind / key for kind in ("models", "metrics", "samples"))
    for folder in (model, metrics, samples):
        if not folder.is_dir():
            raise BadInput(f"{folder} is missing; run dvc repro")
    history = pd.read_csv(model / "history.csv")
    files = [
        *sorted((data / "prepared" / block["dataset"]).iterdir()),
        *sorted(model.iterdir()),
        *sorted(metrics.iterdir()),
    ]
    return {
        "key": key,
        "metrics": json.loads((metrics / "metrics.json").read_text(encoding="utf-8")),
        "pictures": [picture(file) for file in sorted(samples.iterdir())],
        "history": {"columns": list(history.columns), "rows": history.to_numpy().tolist()},
        "params": flatten(block),
        "hashes": {str(file): hashlib.md5(file.read_bytes()).hexdigest() for file in files},
    }


def picture(file: Path) -> dict[str, str]:
    content = file.read_bytes()
    encoded = base64.b64encode(content).decode()
    return {
        "caption": file.stem.replace("_", " "),
        "source": f"data:{MEDIA_TYPES[file.suffix]};base64,{encoded}",
        "md5": hashlib.md5(content).hexdigest(),
    }


def number(value: Any) -> str:
    """Whole numbers whole, others with four significant digits; text as it is."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.4g}"
    return f"{value:.0f}" if isinstance(value, float) else str(value)
