"""Measure one trained classifier on the test digits."""

import sys
from pathlib import Path

from generative.core import errors
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.classifiers.schema import EvaluateClassifiers
from generative.core.runtime import Runtime
from generative.core.folders import atomic_folder
from generative.core.folders import write_json
from generative.classifiers import metrics as calibration
from generative.core import members


def main(arguments: list[str]) -> None:
    model_folder, prepared, out = map(Path, arguments)
    block = params.read("evaluate.classifiers", EvaluateClassifiers)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    card = saving.describe(model_folder)
    dataset = members.dataset(card.dataset)
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
    with atomic_folder(out) as folder:
        write_json(folder / "metrics.json", metrics)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
