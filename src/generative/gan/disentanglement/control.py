"""What the codes of a generator steer: measured on what it draws, never assumed."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr

Array = np.ndarray


def match(categories: Array, labels: Array, count: int = 10) -> Array:
    """The label that each category stands for, int [count]: all different, so many of the examples
    as possible right (the Hungarian method; Kuhn, 1955).

    categories, labels: int [N], 0 to count - 1.
    """
    together = np.zeros((count, count), np.int64)
    np.add.at(together, (categories, labels), 1)
    _, matched = linear_sum_assignment(together, maximize=True)
    return matched


def category_error(categories: Array, labels: Array, matched: Array) -> float:
    """Share of examples whose category is not `matched` with their label."""
    return float((matched[categories] != labels).mean())


def steering(codes: Array, measured: dict[str, Array]) -> dict[str, list[float]]:
    """Spearman's correlation of each code with each thing measured: name to float [codes].

    codes: [N, codes]; measured: name to [N], of which those that are not numbers are left out.
    0 for a code or a measurement that never varies.
    """
    found = {}
    for name, values in measured.items():
        some = np.isfinite(values)
        columns = [codes[some, i] for i in range(codes.shape[1])]
        varied = len(np.unique(values[some])) > 1
        found[name] = [
            float(spearmanr(column, values[some]).statistic)
            if varied and len(np.unique(column)) > 1
            else 0.0
            for column in columns
        ]
    return found


def name_codes(correlations: dict[str, list[float]], least: float) -> dict[str, Any]:
    """Which code steers what: name to {"code", "sign", "spearman", "leakage"}, or to None where no
    code is correlated by `least` or more.

    Each name takes the code that is correlated most with it, strongest first, and no code serves
    two. leakage: the size of that code's correlation with the other things, the largest.
    """
    strength = {name: np.abs(values) for name, values in correlations.items()}
    named: dict[str, Any] = dict.fromkeys(correlations)
    free = set(range(len(next(iter(correlations.values())))))
    while free:
        waiting = [(strength[n][c], n, c) for n in named if named[n] is None for c in free]
        if not waiting:
            break
        most, name, code = max(waiting)
        if most < least:
            break
        others = [strength[n][code] for n in correlations if n != name]
        named[name] = {
            "code": f"code{code + 1}",
            "sign": int(np.sign(correlations[name][code])),
            "spearman": correlations[name][code],
            "leakage": float(max(others, default=0.0)),
        }
        free.remove(code)
    return named


def kept(name_digits: Callable[[Array], Array], sweeps: Array) -> float:
    """Share of images along sweeps that `name_digits` calls as it calls the one in the middle.

    sweeps: [sweeps, steps, height, width, channels]; steps are odd.
    """
    count, steps = sweeps.shape[:2]
    names = name_digits(sweeps.reshape(-1, *sweeps.shape[2:])).reshape(count, steps)
    return float((names == names[:, [steps // 2]]).mean())
