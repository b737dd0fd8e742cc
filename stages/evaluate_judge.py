"""Measure the judge on the test digits, and draw how far it can be believed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.classifiers.render import Render

from generative.classifiers import judge
from generative.core import params, runtime, stage
from generative.core.folders import atomic_folder, write_json
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared


def main(arguments: list[str]) -> None:
    options = params.read("render.classifiers", Render)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    data = Prepared.of("mnist", {"binarization": "none", "binarization_seed": 0})
    with atomic_folder(Path("data/metrics/judge")) as folder:
        write_json(
            folder / "metrics.json",
            judge.evaluate_judge(Path("data/judge"), data, options, folder),
        )


if __name__ == "__main__":
    stage.run(main)
