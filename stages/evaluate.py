"""Measure one trained model by itself, as its family does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import members, params, runtime, saving, stage
from generative.core.folders import atomic_folder, write_json
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared


def main(arguments: list[str]) -> None:
    (key,) = arguments
    trained = Path("data/models") / key
    described = saving.describe(trained)
    family = members.part(described.family, "evaluate")
    options = params.read(f"evaluate.{described.family}", family.Evaluate)
    # In float32: a metric must not depend on the precision that training could afford.
    runtime.configure(params.read("runtime", Runtime), seed=0)
    data = Prepared.of(described.dataset, described.data)
    with atomic_folder(Path("data/metrics") / key) as folder:
        metrics = family.evaluate(saving.load(trained), data, options, folder)
        write_json(folder / "metrics.json", metrics)


if __name__ == "__main__":
    stage.run(main)
