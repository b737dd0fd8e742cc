"""Compare GANs that differ in the generator's objective: one figure, and their gradients."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import history, params, runtime, saving, stage
from generative.core.folders import atomic_folder, read_json
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.gan import divergences
from generative.gan.objectives import Objectives, compare


def main(arguments: list[str]) -> None:
    (key,) = arguments
    options = params.read(f"objectives.{key}", Objectives)
    runtime.configure(params.read("runtime", Runtime), options.seed)
    data = Path("data")
    models: dict[str, Any] = {}
    histories: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    for objective, trained in options.models.items():
        models[objective] = saving.load(data / "models" / trained)
        histories[objective] = history.read_table(data / "history" / trained)
        metrics[objective] = read_json(data / "image_quality" / trained / "metrics.json")
    # Those of the last model, of which the gradients are taken.
    described = saving.describe(data / "models" / trained)
    prepared = Prepared.of(described.dataset, described.data)
    batches = prepared.batches(options.batch_size, options.seed).epoch(0)
    with atomic_folder(data / "objectives" / key) as folder:
        compare(models, histories, metrics, batches, options, folder)
        table = divergences.fitted()
        table.to_csv(folder / "divergences.csv", index=False)
        densities = divergences.densities(table)
        densities.to_csv(folder / "densities.csv", index=False, float_format="%.5g")
        divergences.plot(table).save(folder / "divergences.png", optimize=True)


if __name__ == "__main__":
    stage.run(main)
