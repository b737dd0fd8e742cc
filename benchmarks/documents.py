"""What the settings of each document give beside ours: the document's models at a share of its
steps, and ours, as params.yaml has them, with the same data at equal steps and at equal CPU
seconds. Of one training seed.

    python benchmarks/documents.py [--add] [PROFILE ...]     # 2 to 5 minutes a model
    python benchmarks/documents.py --budget 1.0 goodfellow2016

--add puts the numbers into results/records, under profiles of their own.
"""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from generative.core import params
from generative.datasets.base.dataset import Prepared
from generative.pipeline import engine, timings, workspace
from generative.pipeline.view import View
from generative.pipeline.workers import LocalProcesses
from generative.results import collect, records
from generative.results.study import apart, stages
from generative.training.schema import Train

PROFILES = Path("profiles").absolute()
WORKSPACES = workspace.WORKSPACES.absolute()
# Of each document, the share of its steps that takes minutes.
BUDGETS = {
    "chollet2017": 0.02,
    "tutorial_cvae": 0.05,
    "goodfellow2016": 1.0,
    "colour_dcgan": 0.01,
    "atienza2018": 0.05,
}
# What ours need of a document's data: the size of its pictures.
SIZES = {"colour_dcgan": {"dcgan": {"model": {"height": 128, "width": 160, "depth": 4}}}}
SHOWN = (
    *("test/elbo_nats", "test/bits_per_character", "test/accuracy", "test/auc"),
    *("test/two_fact_accuracy", "test/year_mean_absolute_error", "test/genre_accuracy"),
    *("samples/frechet_distance", "samples/sharpness", "samples/precision", "samples/recall"),
    *("samples/label_accuracy", "samples/category_error", "samples/code_information_nats"),
)


@dataclass(frozen=True)
class Run:
    """What a workspace came to: for each model its steps, its CPU seconds and its metrics."""

    steps: dict[str, int]
    seconds: dict[str, float]
    records: dict[str, records.Record]


def run(profile: Path, name: str, changes: dict[str, Any], budget: float = 1.0) -> Run:
    """Train and measure the models of `profile` but the judge's, in the workspace `name`."""
    folder = WORKSPACES / name
    changes = {"profile": name, **changes}
    with workspace.entered(profile, folder, changes, budget), View() as view:
        document = params.read_document()
        models, *_ = apart(list(document["train"]), document)
        done = engine.reproduce(stages(models, document), LocalProcesses(), view, lambda: None)
        if done.failed:
            raise SystemExit(str(done.failed))
        taken = timings.read()
        steps = {key: steps_of(params.read(f"train.{key}", Train)) for key in models}
    found = {r.model: r for r in collect.of(str(folder)) if r.model in models}
    return Run(steps, {key: taken[f"train@{key}"].cpu_seconds for key in models}, found)


def steps_of(train: Train) -> int:
    """All of a training."""
    if train.steps_per_epoch:
        return train.epochs * train.steps_per_epoch
    data = Prepared.of(train.dataset, train.data)
    return train.epochs * int(data.batches(train.batch_size, train.seed).steps)


def ours(profile: str, steps: Mapping[str, float], suffix: str) -> Run:
    """Our settings of the models of a document that params.yaml has, with so many steps each."""
    overlay = params.read_document(PROFILES / f"{profile}.yaml")
    document = params.read_document()
    lengths: dict[str, Any] = {}
    for key, wanted in steps.items():
        own = params.section(f"train.{key}", document)
        epochs = min(own["epochs"], max(1, round(wanted)))
        length = max(1, round(wanted / epochs))
        lengths[key] = {
            "epochs": epochs,
            "steps_per_epoch": length,
            "steps_per_call": min(own["steps_per_call"], length),
            **SIZES.get(profile, {}).get(key, {}),
        }
    judged = [k for group in apart(list(document["train"]), document)[1:] for k in group]
    changes = {
        "prepare": overlay.get("prepare") or {},
        "train": {**lengths, **{k: {} for k in judged}, "others": None},
    }
    return run(PROFILES / "study.yaml", f"{profile}_{suffix}", changes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profiles", nargs="*", choices=[*BUDGETS, []], default=[])
    parser.add_argument("--budget", type=float)
    parser.add_argument("--add", action="store_true")
    arguments = parser.parse_args()
    known = params.read_document()["train"]
    for profile in arguments.profiles or BUDGETS:
        budget = arguments.budget or BUDGETS[profile]
        theirs = run(PROFILES / f"{profile}.yaml", profile, {}, budget)
        shared = {key: float(steps) for key, steps in theirs.steps.items() if key in known}
        at_steps = ours(profile, shared, "ours_at_equal_steps")
        longer = {
            key: steps * theirs.seconds[key] / at_steps.seconds[key]
            for key, steps in shared.items()
        }
        runs = [theirs, at_steps, ours(profile, longer, "ours_at_equal_seconds")]
        show(f"{profile}, {budget:g} of its steps", runs)
        if arguments.add:
            for each in runs:
                records.add(each.records.values())


def show(title: str, runs: list[Run]) -> None:
    table = Table("model", "metric", "the document's", "ours, equal steps", "ours, equal seconds")
    table.title = title
    for key, record in runs[0].records.items():
        for name in ("steps", "CPU seconds", *SHOWN):
            if name in record.metrics or "/" not in name:
                cells = (cell(each, key, name) for each in runs)
                table.add_row(key, name.partition("/")[2] or name, *cells)
    Console().print(table)


def cell(run: Run, key: str, name: str) -> str:
    values: dict[str, float] = {}
    if key in run.records:
        values = {"steps": run.steps[key], "CPU seconds": run.seconds[key]}
        values |= run.records[key].metrics
    return f"{values[name]:.4g}" if name in values else ""


if __name__ == "__main__":
    main()
