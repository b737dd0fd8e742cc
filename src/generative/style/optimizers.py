"""Optimizers of a picture: L-BFGS-B and Adam.

Each is a function of nothing but the losses and gradients that it receives, so that a run whose
evaluations are stored can be repeated without computing them (`checkpoint.py`). It gives the
picture that it ends with.

`evaluate` takes a picture, float64 [n], and gives its loss and gradient, float64 [n]. `start` and
what it takes are in [0, 1], unless `bounds` is "none".
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import numpy as np
from scipy.optimize import Bounds, minimize

from generative.style.schema import Style

Array = np.ndarray
Evaluate = Callable[[Array], tuple[float, Array]]

FIRST_MOMENT, SECOND_MOMENT, EPSILON = 0.9, 0.999, 1e-8


class BudgetExhausted(Exception):
    """Raised by `evaluate` when it has been called as often as allowed. Optimizers pass it on."""


def rounds(evaluate: Evaluate, start: Array, options: Style) -> Iterator[None]:
    """The optimizer of the options, `rounds` times, each from where the last ended, knowing nothing
    else of it; once where it does not restart. Yields after each."""
    for _ in range(options.rounds) if options.rounds else itertools.count():
        start = OPTIMIZERS[options.optimizer](evaluate, start, options)
        yield
        if not options.restart_every:
            return


def lbfgs(evaluate: Evaluate, start: Array, options: Style) -> Array:
    """L-BFGS-B (Byrd, Lu, Nocedal and Zhu, 1995), until `evaluate` raises `BudgetExhausted`, no
    step lowers the loss, or a line search ends after `restart_every` evaluations.

    Its variables are the picture times `white`: what a first step of a given length does to a
    picture, and so all that follows, depends on their unit.
    """
    white = options.white

    def scaled(variables: Array) -> tuple[float, Array]:
        loss, gradient = evaluate(variables / white)
        return loss, gradient / white

    limits: Any = {"maxfun": options.restart_every or 10**9, "maxiter": 10**9, "ftol": 0, "gtol": 0}
    limits["maxcor"] = options.memory
    bounds = Bounds(0, white) if options.bounds == "unit" else None
    method: Any = {"jac": True, "method": "L-BFGS-B", "bounds": bounds, "options": limits}
    ended: Array = minimize(scaled, start * white, **method).x / white
    return ended


def adam(evaluate: Evaluate, start: Array, options: Style) -> NoReturn:
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


OPTIMIZERS: dict[str, Callable[[Evaluate, Array, Style], Array]] = {"lbfgs": lbfgs, "adam": adam}
