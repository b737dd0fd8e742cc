"""Measure the judge on the test digits, and draw how far it can be believed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.classifiers.evaluate import Evaluate
from generative.classifiers.judge_quality import evaluate_judge
from generative.classifiers.render import Render
from generative.core import params, runtime, stage
from generative.core.folders import atomic_folder, write_json
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.image_quality.extractors import DigitFeatures


def main(arguments: list[str]) -> None:
    (key,) = arguments
    options = params.read("evaluate.classifiers", Evaluate)
    pictures = params.read("render.classifiers", Render)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    digits = DigitFeatures(Path("data/judge") / key).digits_network
    data = Prepared.of(key, {})
    with atomic_folder(Path("data/metrics/judge")) as folder:
        metrics = evaluate_judge(digits, data, options, pictures, folder)
        write_json(folder / "metrics.json", metrics)


if __name__ == "__main__":
    stage.run(main)
