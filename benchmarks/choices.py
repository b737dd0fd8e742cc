"""What the options of params.yaml that were chosen were chosen by: each beside others, trained anew
and measured on validation data, the option that stands in params.yaml first. Of one training seed.

    python benchmarks/choices.py [--model dcgan]     # 5 to 25 minutes a training
"""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from generative.core import params
from generative.pipeline import engine, workspace
from generative.pipeline.view import View
from generative.pipeline.workers import LocalProcesses
from generative.results import collect
from generative.results.study import stages

PROFILE = Path("profiles/choose.yaml").absolute()
FOLDER = (workspace.WORKSPACES / PROFILE.stem).absolute()
IMAGES = ("samples/frechet_distance", "samples/precision", "samples/recall")
CONDITIONAL = (*IMAGES, "samples/label_accuracy")
# None of these needs a label.
INFOGAN = ("samples/category_information_nats", "samples/code_information_nats", *IMAGES)
# Of a model: an option of its network, the other values, and what decides.
CHOICES: tuple[tuple[str, str, list[float], tuple[str, ...]], ...] = (
    ("gan_non_saturating", "r1_weight", [0.02, 0.5], IMAGES),
    ("gan_non_saturating", "generator_width", [16], IMAGES),
    ("dcgan", "average_decay", [0.998], IMAGES),
    ("dcgan", "generator_learning_rate", [0.001], IMAGES),
    ("infogan", "category_weight", [1.0], INFOGAN),
    ("infogan", "least_log_variance", [-6.0, -1.0], INFOGAN),
    ("infogan", "agreement_weight", [0.0], INFOGAN),
    ("stackedgan", "conditional_weight", [1.0], CONDITIONAL),
    ("stackedgan", "entropy_weight", [10.0], CONDITIONAL),
    ("stackedgan", "discriminator_learning_rate", [0.0002], CONDITIONAL),
)


def measured(model: str, changes: dict[str, Any]) -> dict[str, float]:
    """The metrics of `model`, trained with the arguments `changes`."""
    overlay = {"train": {model: {"model": changes}}} if changes else {}
    with workspace.entered(PROFILE, FOLDER, overlay), View() as view:
        own = stages([model], params.read_document())
        done = engine.reproduce(own, LocalProcesses(), view, lambda: None)
    if done.failed:
        raise SystemExit(str(done.failed))
    (record,) = [found for found in collect.of(str(FOLDER)) if found.model == model]
    return record.metrics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted({choice[0] for choice in CHOICES}))
    only = parser.parse_args().model
    console = Console()
    for model, option, others, names in CHOICES:
        if only not in (None, model):
            continue
        table = Table(f"{model}: {option}", *(name.partition("/")[2] for name in names))
        section = params.section(f"train.{model}", params.read_document())
        for value in (section["model"][option], *others):
            found = measured(model, {} if value == section["model"][option] else {option: value})
            table.add_row(f"{value:g}", *(f"{found[n]:.3g}" if n in found else "" for n in names))
        console.print(table)


if __name__ == "__main__":
    main()
