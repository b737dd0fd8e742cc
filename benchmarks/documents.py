"""What the settings of each document give beside ours: the document's models at a share of its
steps, and ours, as params.yaml has them, with the same data at equal steps and at equal CPU
seconds. Of one training seed.

    python benchmarks/documents.py [--write] [PROFILE ...]     # minutes a model
    python benchmarks/documents.py --budget 1.0 goodfellow2016

--write puts the table and the samples of the three into docs/documents.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from rich.console import Console
from rich.table import Table

from generative.core import params
from generative.datasets.base.dataset import Prepared
from generative.pipeline import engine, timings, workspace
from generative.pipeline.view import View
from generative.pipeline.workers import LocalProcesses
from generative.results import collect, pages, records, tables
from generative.results.study import apart, stages
from generative.training.schema import Train

PROFILES = Path("profiles").absolute()
PAGES = Path("docs/documents").absolute()
WORKSPACES = workspace.WORKSPACES.absolute()
# Of each document, the share of its steps that takes minutes.
BUDGETS = {
    "chollet2017": 0.02,
    "tutorial_cvae": 0.05,
    "goodfellow2016": 0.1,
    "colour_dcgan": 0.01,
    "atienza2018": 0.025,
}
# Of these less: a step takes forty times as long as those of the other models.
SHORTER = {"cvae_wide": {"epochs": 2, "steps_per_epoch": 170}}
# What the table does not show need not be measured well.
QUICK = {"vae": {"importance_samples": 100, "importance_images": 10, "grid_tolerance_nats": 1.0}}
# Ours for the same task, where a document's model is none of params.yaml.
BESIDE = {
    "dense_sequential": "sequential",
    "dense_functional": "sequential",
    "normalized": "sequential",
    "inception_module": "inception",
    "inception_v3": "inception",
    "residual_blocks": "residual",
    "separable_convolutions": "separable",
    "cvae_wide": "cvae",
    "cvae_normalized": "cvae",
    "gan_head_start": "gan_non_saturating",
    "dcgan_shallow": "dcgan",
    "dcgan_digits": "gan_non_saturating",
}
# What ours need of a document's data: the size of its pictures.
SIZES = {"colour_dcgan": {"height": 128, "width": 160, "depth": 4}}
SHOWN = (
    *("test/elbo_nats", "test/bits_per_character", "test/accuracy", "test/auc"),
    *("test/two_fact_accuracy", "test/year_mean_absolute_error", "test/genre_accuracy"),
    *("samples/frechet_distance", "samples/sharpness", "samples/precision", "samples/recall"),
    *("samples/label_accuracy", "samples/category_error", "samples/code_information_nats"),
)
TITLES = ("the document's", "ours, equal steps", "ours, equal seconds")
MARKER = "<!-- results: measured -->"
# Of samples.png, in pixels: what three side by side show.
SHOWN_SIZE, GAP = (242, 242), 12


@dataclass(frozen=True)
class Run:
    """What the workspace `folder` came to: for each model its steps, its CPU seconds and its
    metrics."""

    folder: Path
    steps: dict[str, int]
    seconds: dict[str, float]
    records: dict[str, records.Record]


def run(profile: Path, name: str, changes: dict[str, Any], budget: float = 1.0) -> Run:
    """Train, measure and draw the models of `profile` but the judge's, in the workspace `name`."""
    folder = WORKSPACES / name
    changes = {"profile": name, "evaluate": QUICK, **changes}
    with workspace.entered(profile, folder, changes, budget), View() as view:
        document = params.read_document()
        models, *_ = apart(list(document["train"]), document)
        wanted = [*stages(models, document), *(f"render@{key}" for key in models)]
        done = engine.reproduce(wanted, LocalProcesses(), view, lambda: None)
        if done.failed:
            raise SystemExit(str(done.failed))
        taken = timings.read()
        steps = {key: steps_of(params.read(f"train.{key}", Train)) for key in models}
    found = {r.model: r for r in collect.of(str(folder)) if r.model in models}
    seconds = {key: taken[f"train@{key}"].cpu_seconds for key in models}
    return Run(folder, steps, seconds, found)


def steps_of(train: Train) -> int:
    """All of a training."""
    if train.steps_per_epoch:
        return train.epochs * train.steps_per_epoch
    data = Prepared.of(train.dataset, train.data)
    return train.epochs * int(data.batches(train.batch_size, train.seed).steps)


def ours(profile: str, steps: Mapping[str, float], suffix: str) -> Run:
    """Our settings for the models of a document, by its names, with so many steps each."""
    overlay = params.read_document(PROFILES / f"{profile}.yaml")
    document = params.read_document()
    trainings: dict[str, Any] = {}
    measured: dict[str, Any] = {}
    for key, wanted in steps.items():
        name = BESIDE.get(key, key)
        own = params.section(f"train.{name}", document)
        epochs = min(own["epochs"], max(1, round(wanted)))
        length = max(1, round(wanted / epochs))
        trainings[key] = {
            **document["train"][name],
            "epochs": epochs,
            "steps_per_epoch": length,
            "steps_per_call": min(own["steps_per_call"], length),
            "model": {**document["train"][name]["model"], **SIZES.get(profile, {})},
        }
        if name in document["generators"]:
            measured[key] = document["generators"][name]
    judged: dict[str, Any] = {
        k: {} for group in apart(list(document["train"]), document)[1:] for k in group
    }
    changes: dict[str, Any] = {
        "prepare": overlay.get("prepare") or {},
        "train": {**judged, **trainings, "others": None},
        "generators": {**measured, "others": None},
        **{
            top: {**{k: {} for k in steps if k in document[top]}, "others": None}
            for top in ("disentanglement", "repeat")
        },
        **{top: {"others": None} for top in ("objectives", "tune", "style")},
    }
    return run(PROFILES / "study.yaml", f"{profile}_{suffix}", changes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("profiles", nargs="*", choices=[*BUDGETS, []], default=[])
    parser.add_argument("--budget", type=float)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    known = params.read_document()["train"]
    for profile in arguments.profiles or BUDGETS:
        page = PAGES / f"{profile}.zh.md"
        if arguments.write and MARKER not in page.read_text(encoding="utf-8"):
            raise SystemExit(f"{page} has no line {MARKER} with <!-- end --> after it")
        budget = arguments.budget or BUDGETS[profile]
        document = params.read_document(PROFILES / f"{profile}.yaml")
        shorter = (
            {} if arguments.budget else {k: v for k, v in SHORTER.items() if k in document["train"]}
        )
        theirs = run(PROFILES / f"{profile}.yaml", profile, {"train": shorter}, budget)
        shared = {k: float(n) for k, n in theirs.steps.items() if BESIDE.get(k, k) in known}
        at_steps = ours(profile, shared, "ours_at_equal_steps")
        longer = {
            key: steps * theirs.seconds[key] / at_steps.seconds[key]
            for key, steps in shared.items()
        }
        runs = [theirs, at_steps, ours(profile, longer, "ours_at_equal_seconds")]
        show(f"{profile}, {budget:g} of its steps", runs)
        if arguments.write:
            write(page, budget, runs)


def rows(runs: list[Run]) -> Iterator[list[str]]:
    """A row for each metric of each model: both names, and what each run gives."""
    for key, record in runs[0].records.items():
        for name in ("steps", "CPU seconds", *SHOWN):
            if name in record.metrics or "/" not in name:
                cells = [cell(each, key, name) for each in runs]
                yield [key, name.partition("/")[2] or name, *cells]


def cell(run: Run, key: str, name: str) -> str:
    values: dict[str, float] = {}
    if key in run.records:
        values = {"steps": run.steps[key], "CPU seconds": run.seconds[key]}
        values |= run.records[key].metrics
    return f"{values[name]:.4g}" if name in values else ""


def show(title: str, runs: list[Run]) -> None:
    table = Table("model", "metric", *TITLES, title=title)
    for row in rows(runs):
        table.add_row(*row)
    Console().print(table)


def write(page: Path, budget: float, runs: list[Run]) -> None:
    """Put the table of `runs`, and the samples of each model beside each other, into `page`."""
    head = ("模型", "指标", "原文的设置", "步数相同的我们的设置", "秒数相同的我们的设置")
    lines = [tables.table(head, ([f"`{key}`", *others] for key, *others in rows(runs)))]
    pictures = page.parent / page.name.removesuffix(".zh.md")
    for key in runs[0].records:
        files = [run.folder / f"data/samples/{key}/samples.png" for run in runs]
        if files[0].exists():
            pictures.mkdir(exist_ok=True)
            side_by_side([f for f in files if f.exists()]).save(pictures / f"{key}.png")
            lines += ["", f"`{key}`:", "", f"![{key}]({pictures.name}/{key}.png)"]
    measured = f"步数至多是原文的 {100 * budget:g} %。\n\n" + "\n".join(lines)
    text = page.read_text(encoding="utf-8")
    page.write_text(pages.filled(text, page, {"measured": measured}), encoding="utf-8")


def side_by_side(files: list[Path]) -> Image.Image:
    """The first samples of each file, in a row on white."""
    width, height = SHOWN_SIZE
    row = Image.new("RGB", (len(files) * (width + GAP) - GAP, height), "white")
    for place, file in enumerate(files):
        with Image.open(file) as picture:
            row.paste(
                picture.convert("RGB").crop((0, 0, width, height)), (place * (width + GAP), 0)
            )
    return row


if __name__ == "__main__":
    main()
