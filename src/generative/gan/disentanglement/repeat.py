"""Repeated trainings of one model with other seeds: how much of what it learns is luck."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from generative.core import params
from generative.core.folders import write_json
from generative.core.params import Schema, Seed


class Repeat(Schema):
    """network, dataset: of `train.<key>`, which dvc.yaml needs here, too. seeds: that `train.<key>` is trained with once more each, and measured."""

    network: str
    dataset: str
    seeds: list[Seed]

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        key = name.partition(".")[2]
        if key not in (document.get("train") or {}):
            yield f"{name}: train has no such section"
            return
        own = params.section(f"train.{key}", document, path).get("seed")
        if len({own, *self.seeds}) <= len(self.seeds):
            yield f"{name}.seeds: received {self.seeds}, must be others than train's, each once"


def write_seeds(metrics: dict[int, dict[str, float]], folder: Path) -> None:
    """Write `seeds.csv`, the metrics of each seed, and `metrics.json`, their medians."""
    table = pd.DataFrame([{"seed": seed, **found} for seed, found in metrics.items()])
    table.to_csv(folder / "seeds.csv", index=False)
    write_json(folder / "metrics.json", table.drop(columns="seed").median().to_dict())
