"""How far a number that was measured on so many examples may be from that of all there could be."""

from collections.abc import Callable
from typing import Any

import numpy as np

STANDARD_ERROR = "_standard_error"

Array = np.ndarray


def mean_with_error(name: str, values: Array) -> dict[str, float]:
    """The mean of `values` [N] as `name`, and its standard error as
    `<name>_standard_error`; of a single value it has none."""
    values = np.asarray(values, np.float64)
    found = {name: float(values.mean())}
    if len(values) > 1:
        found[f"{name}{STANDARD_ERROR}"] = standard_error(values)
    return found


def standard_error(values: Array) -> float:
    """Of the mean of `values` [N], two or more: s / sqrt(N)."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def with_bootstrap_error(
    name: str, metric: Callable[[Array], float], count: int, resamples: int, seed: int
) -> dict[str, float]:
    """`metric` of all places, int [count], as `name`, and its deviation over resamples of them as
    `<name>_standard_error`: of a number that is no mean."""
    error = bootstrap(metric, count, resamples, seed).standard_error
    return {name: metric(np.arange(count)), f"{name}{STANDARD_ERROR}": float(error)}


def with_jackknife_error(
    name: str, metric: Callable[[Array], float], count: int, groups: int = 10
) -> dict[str, float]:
    """`metric` of all places, int [count], as `name`, and as `<name>_standard_error` what comes of
    leaving out each of `groups` in turn, places in a row: of a number that is no mean and too
    costly for a bootstrap (the delete-a-group jackknife). Classes that come in turn stay so."""
    places = np.arange(count)
    others = [metric(np.delete(places, own)) for own in np.array_split(places, groups)]
    error = np.sqrt((groups - 1) * np.var(others))
    return {name: metric(places), f"{name}{STANDARD_ERROR}": float(error)}


def bootstrap(metric: Callable[[Array], float], count: int, resamples: int, seed: int) -> Any:
    """SciPy's `BootstrapResult` of `metric` over places, int [count], drawn again and again
    with replacement; its interval is the 95 % percentile one."""
    from scipy import stats

    return stats.bootstrap(
        (np.arange(count),),
        metric,
        n_resamples=resamples,
        vectorized=False,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
