"""Measure one graph of several inputs or outputs: each output beside a baseline, with intervals."""

import sys
from pathlib import Path

import numpy as np

from generative.core import errors
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.multi_io.schema import EvaluateGraphs
from generative.core.runtime import Runtime
from generative.core.folders import atomic_folder
from generative.core.folders import write_json
from generative.multi_io import metrics as graphs
from generative.core import members


def main(arguments: list[str]) -> None:
    model_folder, prepared, out = map(Path, arguments)
    block = params.read("evaluate.graphs", EvaluateGraphs)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    card = saving.describe(model_folder)
    dataset = members.dataset(card.dataset)
    _, known = dataset.load(prepared, "train", **card.data)
    inputs, truth = dataset.load(prepared, "test", **card.data)
    model = saving.load(model_folder)
    predictions = model.predictions(inputs)
    likeness = dataset.likeness(inputs) if hasattr(dataset, "likeness") else None
    groups = dataset.groups(prepared, "test") if hasattr(dataset, "groups") else {}
    count = len(next(iter(truth.values())))
    metrics: dict[str, float] = {}
    for name, kind in model.kinds.items():
        # The only output needs no name; its metrics are called as those of classifiers.
        parts = {f"{name}_" if len(model.kinds) > 1 else "test_": np.ones(count, bool)}
        if hasattr(dataset, "parts"):
            parts = dataset.parts(prepared, "test")
        found = graphs.scores(kind, predictions[name], truth[name], known[name], likeness)
        for prefix, chosen in parts.items():
            places = np.flatnonzero(chosen)
            for metric, score in found.items():
                full = f"{prefix}{metric}".replace("test_auc", "auc")
                metrics[full] = score.model(places)
                metrics[f"{full}_baseline"] = score.baseline(places)
                metrics[f"{full}_margin"] = score.margin(places)
                # Each example by itself, and together with those that it has something in common.
                drawn = {"": np.arange(count), **{f"_by_{n}": g for n, g in groups.items()}}
                for suffix, own in drawn.items():
                    low, high = graphs.interval(
                        score.margin, places, own, block.resamples, block.seed
                    )
                    metrics[f"{full}_margin_low{suffix}"] = low
                    metrics[f"{full}_margin_high{suffix}"] = high
    metrics["parameters"] = model.count_params()
    with atomic_folder(out) as folder:
        write_json(folder / "metrics.json", metrics)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
