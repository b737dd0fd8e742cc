"""What a model of one mode learns of data with two, by the direction of the divergence that it
minimises (Goodfellow, 2016, arXiv:1701.00160, section 3.2.5): one Gaussian fitted to a mixture."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from PIL import Image
from scipy.integrate import trapezoid
from scipy.optimize import minimize
from scipy.stats import norm

from generative.plots import curves

Array = np.ndarray
# The data: means, deviations and shares of two Gaussians.
MEANS, DEVIATIONS, SHARES = (-2.0, 2.0), (0.6, 0.6), (0.6, 0.4)
PLACES = np.linspace(-12, 12, 4801)


def log_mixture(x: Array) -> Array:
    """The log density of the data."""
    parts = [
        np.log(share) + norm.logpdf(x, mean, deviation)
        for mean, deviation, share in zip(MEANS, DEVIATIONS, SHARES, strict=True)
    ]
    return np.logaddexp.reduce(parts)


def kl(log_p: Array, log_q: Array) -> float:
    """KL(p || q) in nats, of log densities at `PLACES`."""
    return float(trapezoid(np.exp(log_p) * (log_p - log_q), PLACES))


def fitted() -> pd.DataFrame:
    """The Gaussian that is nearest to the data by each divergence: its mean and deviation, and both
    divergences in nats.

    "forward" is KL(data || model), the objective of maximum likelihood; "reverse" is
    KL(model || data).
    """
    log_p = log_mixture(PLACES)

    def log_q(values: Array) -> Array:
        mean, log_deviation = values
        return norm.logpdf(PLACES, mean, np.exp(log_deviation))

    divergences: dict[str, Callable[[Array], float]] = {
        "forward": lambda values: kl(log_p, log_q(values)),
        "reverse": lambda values: kl(log_q(values), log_p),
    }
    rows = []
    for name, divergence in divergences.items():
        # The reverse one has a lowest point at each mode: the lower of them is taken.
        found = [minimize(divergence, (start, 0.0), method="Nelder-Mead") for start in MEANS]
        best = min(found, key=lambda one: float(one.fun)).x
        nats = {f"{n}_kl_nats": of(best) for n, of in divergences.items()}
        rows.append(
            {"minimised": name, "mean": best[0], "deviation": float(np.exp(best[1])), **nats}
        )
    return pd.DataFrame(rows)


def densities(table: pd.DataFrame) -> pd.DataFrame:
    """The density of the data, and of the Gaussian with the least divergence of each kind, at
    places from -6 to 6."""
    x = PLACES[np.abs(PLACES) <= 6][::20]
    fits = {
        f"least_{row.minimised}_kl": norm.pdf(x, row.mean, row.deviation)
        for row in table.itertuples()
    }
    return pd.DataFrame({"x": x, "data": np.exp(log_mixture(x)), **fits})


def plot(table: pd.DataFrame) -> Image.Image:
    """The data and the two Gaussians of `fitted`, with their divergences."""
    figure = curves.new_figure(7.2, 3.4)
    axes = figure.add_subplot()
    shown = np.abs(PLACES) < 6
    axes.fill_between(PLACES[shown], np.exp(log_mixture(PLACES[shown])), color="0.85", label="data")
    for row in table.itertuples():
        label = (
            f"least {row.minimised} KL: forward {row.forward_kl_nats:.2f}, "
            f"reverse {row.reverse_kl_nats:.2f} nats"
        )
        axes.plot(PLACES[shown], norm.pdf(PLACES[shown], row.mean, row.deviation), label=label)
    axes.set(title="one Gaussian for two modes", xlabel="x", ylabel="density")
    axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16))
    axes.grid(alpha=0.3)
    return curves.figure_image(figure)
