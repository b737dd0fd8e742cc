"""The report: one HTML file that needs nothing else, from the files that the stages wrote."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

from generative.core.params import flatten
from generative.report import sections
from generative.report.tables import cell, comparison, margins, number

# Sections of params.yaml whose values are shown with what they belong to.
SHOWN_APART = ("defaults", "runtime", "style", "train", "tune")


def build(data: Path, document: dict[str, Any]) -> str:
    """The page of everything that `document`, which is params.yaml, names, made from `data`.

    Raises `BadInput` if a folder of results is missing, or for metrics of generated images that do
    not compare, because they were measured in the features of several extractors.
    """

    def each(top: str, read: Callable[[Path, dict[str, Any], str], Any]) -> list[Any]:
        return [read(data, document, key) for key in document.get(top) or {}]

    models = each("train", sections.model)
    models += each("judge", sections.judge)
    digits, pictures = (
        sections.image_table(data, document, models, of_digits) for of_digits in (True, False)
    )
    image_metrics = {*digits["names"], *pictures["names"]}
    families = dict.fromkeys(model["family"] for model in models)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["number"] = number
    environment.globals.update(cell=cell, margins=margins)
    return environment.get_template("page.html.jinja").render(
        profile=document.get("profile", "default"),
        models=models,
        digits=digits,
        pictures=pictures,
        families={
            family: comparison(
                [model for model in models if model["family"] == family], leave_out=image_metrics
            )
            for family in families
        },
        first_gan=next((model["key"] for model in models if model["family"] == "gan"), ""),
        objectives=each("objectives", sections.objectives),
        sliders=[{"key": m["key"], **sheet} for m in models for sheet in m["sliders"]],
        committed=sections.committed(data),
        repeats=each("repeat", sections.repeat),
        searches=each("tune", sections.search),
        transfers=each("style", sections.style_transfer),
        shared_params=flatten({n: v for n, v in document.items() if n not in SHOWN_APART}),
    )
