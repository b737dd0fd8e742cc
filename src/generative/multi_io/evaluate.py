"""Each output of a model beside a baseline, with bootstrap intervals."""

from pathlib import Path
from typing import Any

import numpy as np

from generative.core.params import Count, Schema, Seed
from generative.datasets.base.dataset import Prepared
from generative.multi_io.metrics import Score, bootstrap_interval, scores

Array = np.ndarray


class Evaluate(Schema):
    """The bootstrap behind each interval: so many resamples, with `seed`."""

    seed: Seed
    resamples: Count


def evaluate(model: Any, data: Prepared, options: Evaluate, folder: Path) -> dict[str, Any]:
    """The metrics of each output on the test examples, their baselines, margins and intervals."""
    _, train_targets = data.load("train")
    inputs, targets = data.load("test")
    count = len(next(iter(targets.values())))
    predictions = model.predictions(inputs)
    similarity = data.similarity(inputs)
    # Each example by itself, and together with those of its group.
    groups = {"": np.arange(count)}
    groups |= {f"_by_{name}": group for name, group in data.groups("test").items()}
    subsets = data.subsets("test")
    metrics: dict[str, Any] = {}
    for name, kind in model.kinds.items():
        found = scores(kind, predictions[name], targets[name], train_targets[name], similarity)
        # The only output needs no name; its metrics are called as those of classifiers.
        own_prefix = f"{name}_" if len(model.kinds) > 1 else "test_"
        for prefix, chosen in (subsets or {own_prefix: np.ones(count, bool)}).items():
            for metric, score in found.items():
                full = f"{prefix}{metric}".replace("test_auc", "auc")
                metrics |= compare(full, score, np.flatnonzero(chosen), groups, options)
    return {**metrics, "parameters": model.count_params()}


def compare(
    name: str, score: Score, places: Array, groups: dict[str, Array], options: Evaluate
) -> dict[str, float]:
    """The metric `name` at `places`, that of the baseline, the margin, and its intervals.

    groups: by the suffix of the interval, what is resampled together.
    """
    found = {
        name: score.model(places),
        f"{name}_baseline": score.baseline(places),
        f"{name}_margin": score.margin(places),
    }
    for suffix, own in groups.items():
        low, high = bootstrap_interval(score.margin, places, own, options.resamples, options.seed)
        found |= {f"{name}_margin_low{suffix}": low, f"{name}_margin_high{suffix}": high}
    return found
