"""Views of MLflow that are ready: for each family a comparison of its models, for each search its
trials, for repeated trainings their seeds; and for one model its runs.

A view is kept as a tag of the experiment, and a link opens it. MLflow 3.17 documents neither: its
UI shares a view so, and tests/tracking/test_views.py opens one in a browser.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from generative.core.params import fold
from generative.tracking import names

PREFIX = "mlflow.sharedViewState."
# What the experiment opens as: training of models, not traces and prompts.
KIND = ("mlflow.experimentKind", "custom_model_development")
# By what models of a family are compared.
MEASURES = {
    "classifiers": ("test/accuracy", "test/cross_entropy_nats"),
    "gan": ("samples/frechet_distance", "samples/kernel_distance", "samples/precision"),
    "multi_io": ("test/accuracy", "test/auc"),
    "style": ("test/style_loss_ratio", "test/lpips_to_content"),
    "text": ("test/bits_per_character",),
    "vae": ("test/elbo_nats", "test/nll_importance_nats"),
}
MOST_AXES = 6  # of parallel coordinates, which are read with the eye
LONGEST_KEY = 200  # a tag's name has at most 250 characters


@dataclass(frozen=True)
class View:
    """Runs that are compared: which, along which parameters, by which metrics."""

    key: str
    title: str
    query: str
    parameters: tuple[str, ...]
    metrics: tuple[str, ...]

    @property
    def state(self) -> dict[str, Any]:
        """The view as MLflow's UI keeps it: a table, parallel coordinates, a bar for each
        metric."""
        shown = {"display": True, "isReordered": True}
        sections = [
            {"uuid": "parameters", "name": self.title, "columns": 1, "cardHeight": 420, **shown},
            # MLflow shows them by name.
            {"uuid": "metrics", "name": f"{self.title}, values", "columns": 3, **shown},
        ]
        own = {"deleted": False, "isGenerated": False, "runsCountToCompare": 100}
        charts: list[dict[str, Any]] = [
            {
                "uuid": "parallel",
                "metricSectionId": "parameters",
                "type": "PARALLEL",
                "selectedParams": list(self.parameters),
                "selectedMetrics": list(self.metrics[:2]),
                "showAllRuns": True,
                **own,
            }
        ]
        for metric in self.metrics:
            chart = {"metricSectionId": "metrics", "type": "BAR", "metricKey": metric}
            charts.append({"uuid": metric, "displayName": metric, **chart, **own})
        columns = [f"params.`{name}`" for name in self.parameters]
        columns += [f"metrics.`{name}`" for name in self.metrics]
        return {
            "searchFilter": self.query,
            "orderByKey": f"metrics.`{self.metrics[0]}`",
            "orderByAsc": True,
            "startTime": "ALL",
            "lifecycleFilter": "Active",
            "modelVersionFilter": "All Runs",
            "datasetsFilter": [],
            "selectedColumns": columns,
            "compareRunCharts": charts,
            "compareRunSections": sections,
            "runListHidden": False,
        }

    def tag(self) -> tuple[str, str]:
        """The tag of the experiment that keeps it."""
        return f"{PREFIX}{self.key}", json.dumps(self.state)

    def link(self, server: str, experiment: str) -> str:
        """The address that opens it in the UI of `server`."""
        state = {"viewStateShareKey": self.key, "compareRunsMode": "CHART"}
        return experiment_link(server, experiment, **state)


def experiment_link(server: str, experiment: str, **state: str) -> str:
    """The address of the runs of an experiment, as training of models, in the UI of `server`."""
    query = urlencode({**state, "workflowType": "machine_learning"})
    return f"{server}/#/experiments/{experiment}/runs?{query}"


def views(document: dict[str, Any]) -> Iterator[View]:
    """The views of what params.yaml, which is `document`, names."""
    defaults = document.get("defaults") or {}
    families: dict[str, list[dict[str, Any]]] = {}
    for top in ("train", "style"):
        for own in (document.get(top) or {}).values():
            family = "style" if top == "style" else (own or {}).get("family", "")
            families.setdefault(family, []).append(fold(defaults.get(family) or {}, own or {}))
    for family, sections in sorted(families.items()):
        if len(sections) > 1 and family in MEASURES:
            flat = [names.parameters({"train": {"": section}}) for section in sections]
            yield View(
                family,
                f"compare: {family}",
                f"tags.family = '{family}' and tags.`dvc.stage` LIKE '{top_of(family)}@%' "
                "and attributes.status = 'FINISHED'",
                tuple(differing(flat))[:MOST_AXES],
                MEASURES[family],
            )
    for key, search in (document.get("tune") or {}).items():
        arguments = (search or {}).get("space") or {}
        yield View(
            f"trials-{key[:LONGEST_KEY]}",
            f"trials: {key}",
            f"tags.trial != '' and tags.model = '{key}'",
            tuple(f"model.{name}" for name in arguments)[:MOST_AXES],
            ("val/loss",),
        )
    for key, repeated in (document.get("repeat") or {}).items():
        if (repeated or {}).get("seeds"):
            yield View(
                f"seeds-{key[:LONGEST_KEY]}",
                f"seeds: {key}",
                trainings(key),
                ("seed",),
                ("samples/category_error", "samples/leakage"),
            )


def of_model(key: str, search: Callable[[str], list[Any]]) -> View:
    """A view of the trainings of one model, its further seeds among them, along the parameters in
    which they differ.

    search: finds MLflow's runs by a query.
    """
    query = f"{trainings(key)} and attributes.status = 'FINISHED'"
    found = [run.data for run in search(query)]
    family = found[0].tags.get("family", "") if found else ""
    return View(
        f"runs-{key[:LONGEST_KEY]}",
        f"runs: {key}",
        query,
        tuple(differing([data.params for data in found]))[:MOST_AXES],
        MEASURES.get(family, ("val/loss",)),
    )


def trainings(key: str) -> str:
    """Finds the runs of a model without its searches and their trials."""
    return f"tags.model = '{key}' and tags.`dvc.stage` != 'tune@{key}'"


def top_of(family: str) -> str:
    """The section of params.yaml that the family's models stand in."""
    return "style" if family == "style" else "train"


def differing(flat: Sequence[Mapping[str, Any]]) -> list[str]:
    """The parameters in which runs or models differ, those that all of them have first."""
    found = dict.fromkeys(name for own in flat for name in own)
    values = {name: [own[name] for own in flat if name in own] for name in found}
    differ = [name for name, seen in values.items() if len({str(value) for value in seen}) > 1]
    return sorted(differ, key=lambda name: (-len(values[name]), "rate" not in name))
