"""Measure one trained classifier on the test digits."""

import sys
from pathlib import Path

from generative import errors, params, runtime, saving
from generative.blocks.classifiers import EvaluateClassifiers
from generative.blocks.runtime import Runtime
from generative.datasets import DATASETS
from generative.folders import whole, write_json
from generative.metrics import calibration
from generative.tables import find


def main(arguments: list[str]) -> None:
    model_folder, prepared, out = map(Path, arguments)
    block = params.read("evaluate.classifiers", EvaluateClassifiers)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    card = saving.read_card(model_folder)
    dataset = find(DATASETS, "data set", card.dataset)
    images, labels = dataset.load(prepared, "test", **card.data)
    model = saving.load(model_folder)
    probabilities = model.probabilities(images)
    metrics = {
        "test_accuracy": float((probabilities.argmax(axis=1) == labels).mean()),
        "cross_entropy_nats": calibration.cross_entropy(probabilities, labels),
        "expected_calibration_error": calibration.expected_calibration_error(
            calibration.reliability(probabilities, labels, block.bins)
        ),
        "parameters": model.count_params(),
    }
    with whole(out) as folder:
        write_json(folder / "metrics.json", metrics)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
