"""Optimizers of a picture: L-BFGS-B and Adam.

Each is a function of nothing but the losses and gradients that it receives, so that a run whose
evaluations are stored can be repeated without computing them (`checkpoint.py`).

`evaluate` takes a picture, float64 [n] in [0, 1], and gives its loss and gradient, float64 [n].
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import Bounds, minimize

Array = np.ndarray
Evaluate = Callable[[Array], tuple[float, Array]]

# Steps that the curvature is estimated from; the paper's authors and most programs take 10 to 100.
CORRECTIONS = 20
FIRST_MOMENT, SECOND_MOMENT, EPSILON = 0.9, 0.999, 1e-8


class BudgetExhausted(Exception):
    """Raised by `evaluate` when it has been called as often as allowed. Optimizers pass it on."""


def lbfgs(evaluate: Evaluate, start: Array, learning_rate: float) -> None:
    """L-BFGS-B (Byrd, Lu, Nocedal and Zhu, 1995) in one run, which keeps its estimate of the
    curvature, until `evaluate` raises `BudgetExhausted` or no step lowers the loss."""
    endless: Any = {"maxfun": 10**9, "maxiter": 10**9, "maxcor": CORRECTIONS, "ftol": 0, "gtol": 0}
    bounds = Bounds(0, 1)
    minimize(evaluate, start, jac=True, method="L-BFGS-B", bounds=bounds, options=endless)


def adam(evaluate: Evaluate, start: Array, learning_rate: float) -> None:
    """Adam (Kingma and Ba, 2015, arXiv:1412.6980), each step clipped to [0, 1], until `evaluate`
    raises `BudgetExhausted`."""
    picture, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
    step = 0
    while True:
        _, gradient = evaluate(picture)
        step += 1
        first += (1 - FIRST_MOMENT) * (gradient - first)
        second += (1 - SECOND_MOMENT) * (gradient**2 - second)
        mean = first / (1 - FIRST_MOMENT**step)
        deviation = np.sqrt(second / (1 - SECOND_MOMENT**step))
        picture = np.clip(picture - learning_rate * mean / (deviation + EPSILON), 0, 1)


OPTIMIZERS: dict[str, Callable[[Evaluate, Array, float], None]] = {"lbfgs": lbfgs, "adam": adam}
