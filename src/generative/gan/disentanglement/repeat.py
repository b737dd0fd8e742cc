"""Repeated trainings of one model with other seeds: how much of what it learns is luck."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pandas as pd

from generative.core import history, params
from generative.core.folders import write_json
from generative.core.params import Different, OfModel, Seed


class Repeat(OfModel):
    """The section `repeat.<key>`.

    network, dataset: as in `train.<key>`. seeds: that it is trained with once more each, and
    measured.
    """

    network: str
    dataset: str
    seeds: Annotated[list[Seed], Different]

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        yield from super().contradictions(name, document, path)
        train = params.section(f"train.{name.partition('.')[2]}", document, path)
        if len({train.get("seed"), *self.seeds}) <= len(self.seeds):
            yield f"{name}.seeds: received {self.seeds}, must be others than train's, each once"


def write_seeds(
    metrics: dict[int, dict[str, float]], trainings: dict[int, Path], folder: Path
) -> None:
    """Write `seeds.csv`, the metrics of each seed, and `metrics.json`, their medians over the seeds
    that have them; and, in a folder of its own, each seed's metrics and how its training went, if
    that is in `trainings`."""
    for seed, found in metrics.items():
        own = folder / f"seed_{seed}"
        own.mkdir()
        write_json(own / "metrics.json", found)
        for name in (history.TABLE, history.SNAPSHOTS, history.WARNINGS):
            if (trainings[seed] / name).exists():
                shutil.copyfile(trainings[seed] / name, own / name)
    table = pd.DataFrame([{"seed": seed, **found} for seed, found in metrics.items()])
    table.to_csv(folder / "seeds.csv", index=False)
    write_json(folder / "metrics.json", table.drop(columns="seed").median().to_dict())
