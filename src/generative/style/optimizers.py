"""Optimizers of a picture: L-BFGS-B and Adam.

Each is a function of nothing but the losses and gradients that it receives, so that a run whose
evaluations are stored can be repeated without computing them (`checkpoint.py`).

`evaluate` takes a picture, float64 [n], and gives its loss and gradient, float64 [n]. `start` and
what it takes are in [0, 1], unless `bounds` is "none".
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import Bounds, minimize

from generative.style.schema import Style

Array = np.ndarray
Evaluate = Callable[[Array], tuple[float, Array]]

FIRST_MOMENT, SECOND_MOMENT, EPSILON = 0.9, 0.999, 1e-8


class BudgetExhausted(Exception):
    """Raised by `evaluate` when it has been called as often as allowed. Optimizers pass it on."""


def lbfgs(evaluate: Evaluate, start: Array, options: Style) -> None:
    """L-BFGS-B (Byrd, Lu, Nocedal and Zhu, 1995), until `evaluate` raises `BudgetExhausted` or no
    step lowers the loss. A run keeps its estimate of the curvature; the next, after `restart_every`
    evaluations and the rest of a line search, begins where it ended and knows nothing of it.

    Its variables are the picture times `white`: what a first step of a given length does to a
    picture, and so all that follows, depends on their unit.
    """
    white = options.white

    def scaled(variables: Array) -> tuple[float, Array]:
        loss, gradient = evaluate(variables / white)
        return loss, gradient / white

    variables = start * white
    limits: Any = {"maxfun": options.restart_every or 10**9, "maxiter": 10**9, "ftol": 0, "gtol": 0}
    limits["maxcor"] = options.memory
    bounds = Bounds(0, white) if options.bounds == "unit" else None
    while True:
        ended = minimize(
            scaled, variables, jac=True, method="L-BFGS-B", bounds=bounds, options=limits
        )
        if not options.restart_every:
            return
        variables = ended.x


def adam(evaluate: Evaluate, start: Array, options: Style) -> None:
    """Adam (Kingma and Ba, 2015, arXiv:1412.6980), each step clipped to the bounds, until
    `evaluate` raises `BudgetExhausted`."""
    picture, first, second = start.copy(), np.zeros_like(start), np.zeros_like(start)
    step = 0
    while True:
        _, gradient = evaluate(picture)
        step += 1
        first += (1 - FIRST_MOMENT) * (gradient - first)
        second += (1 - SECOND_MOMENT) * (gradient**2 - second)
        mean = first / (1 - FIRST_MOMENT**step)
        deviation = np.sqrt(second / (1 - SECOND_MOMENT**step))
        picture = picture - options.learning_rate * mean / (deviation + EPSILON)
        if options.bounds == "unit":
            picture = np.clip(picture, 0, 1)


OPTIMIZERS: dict[str, Callable[[Evaluate, Array, Style], None]] = {"lbfgs": lbfgs, "adam": adam}
