"""What the categories and codes of a generator control: measured on its images, never assumed."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr

from generative.core.uncertainty import mean_with_error, with_bootstrap_error

Array = np.ndarray


def match_categories(categories: Array, labels: Array, count: int = 10) -> Array:
    """The label that each category stands for, int [count]: all different, so many of the examples
    as possible right (the Hungarian method; Kuhn, 1955).

    categories, labels: int [N], 0 to count - 1.
    """
    together = np.zeros((count, count), np.int64)
    np.add.at(together, (categories, labels), 1)
    _, matched = linear_sum_assignment(together, maximize=True)
    return matched


def clustering(
    categories: Array, labels: Array, matched: Array, resamples: int, seed: int
) -> dict[str, float]:
    """How well categories, int [N], tell `labels`, each with its standard error.

    category_error: the share whose category is not `matched` with the label.
    category_mutual_information: over the mean of both entropies (Vinh et al., 2010, table 1);
    category_rand_index: adjusted for chance (Hubert and Arabie, 1985). They need no match, are 1 of
    equal partitions and about 0 of unrelated ones; their errors are bootstrapped.
    """
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    found = mean_with_error("category_error", matched[categories] != labels)
    for name, score in (
        ("category_mutual_information", normalized_mutual_info_score),
        ("category_rand_index", adjusted_rand_score),
    ):

        def metric(places: Array, score: Callable[..., float] = score) -> float:
            return float(score(labels[places], categories[places]))

        found |= with_bootstrap_error(name, metric, len(labels), resamples, seed)
    return found


def code_correlations(codes: Array, measured: dict[str, Array]) -> dict[str, list[float]]:
    """Spearman's correlation of each code with each quantity: name to float [codes].

    codes: [N, codes]; measured: name to [N], of which values that are not finite are left out.
    0 for a code or a quantity that never varies.
    """
    correlations = {}
    for name, values in measured.items():
        finite = np.isfinite(values)
        columns = [codes[finite, i] for i in range(codes.shape[1])]
        varied = len(np.unique(values[finite])) > 1
        correlations[name] = [
            float(spearmanr(column, values[finite]).statistic)
            if varied and len(np.unique(column)) > 1
            else 0.0
            for column in columns
        ]
    return correlations


def assign_codes(correlations: dict[str, list[float]], least: float) -> dict[str, Any]:
    """The code that controls each quantity: name to {"code", "sign", "spearman", "leakage"}, or to
    None where no code is correlated by `least` or more.

    Each quantity takes the code that is correlated most with it, strongest first, and no code
    serves two. leakage: the largest correlation of that code with another quantity, without sign.
    """
    strength = {name: np.abs(values) for name, values in correlations.items()}
    assigned: dict[str, Any] = dict.fromkeys(correlations)
    free = set(range(len(next(iter(correlations.values())))))
    while free:
        waiting = [(strength[n][c], n, c) for n in assigned if assigned[n] is None for c in free]
        if not waiting:
            break
        most, name, code = max(waiting)
        if most < least:
            break
        others = [strength[n][code] for n in correlations if n != name]
        assigned[name] = {
            "code": f"code{code + 1}",
            "sign": int(np.sign(correlations[name][code])),
            "spearman": correlations[name][code],
            "leakage": float(max(others, default=0.0)),
        }
        free.remove(code)
    return assigned


def label_consistency(predict: Callable[[Array], Array], sweeps: Array) -> float:
    """Share of images along sweeps whose label is that of the image in the middle.

    predict: images to labels, int [N]. sweeps: [sweeps, steps, height, width, channels]; steps are
    odd.
    """
    count, steps = sweeps.shape[:2]
    labels = predict(sweeps.reshape(-1, *sweeps.shape[2:])).reshape(count, steps)
    return float((labels == labels[:, [steps // 2]]).mean())
