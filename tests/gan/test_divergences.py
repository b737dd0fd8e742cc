"""One Gaussian fitted to two modes: closed forms, and what each direction keeps."""

import numpy as np
import pytest
from scipy.stats import norm

from generative.gan import divergences


def test_kl_of_two_gaussians() -> None:
    """ln(s2 / s1) + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1/2"""
    first, second = (norm.logpdf(divergences.PLACES, m, s) for m, s in ((0.0, 1.0), (1.0, 2.0)))
    expected = np.log(2) + (1 + 1) / 8 - 0.5
    assert divergences.kl(first, second) == pytest.approx(expected, abs=1e-6)


def test_the_forward_divergence_matches_the_moments_and_the_reverse_one_a_mode() -> None:
    table = divergences.fitted().set_index("minimised")
    # The least forward KL of a Gaussian has the data's mean and variance.
    mean = 0.6 * -2 + 0.4 * 2
    variance = 0.6**2 + 0.6 * (-2 - mean) ** 2 + 0.4 * (2 - mean) ** 2
    assert table.loc["forward", "mean"] == pytest.approx(mean, abs=1e-3)
    assert table.loc["forward", "deviation"] == pytest.approx(variance**0.5, abs=1e-3)
    # At the heavier mode, and nowhere else: ln 1 / 0.6 of the data's mass is missing.
    assert table.loc["reverse", "mean"] == pytest.approx(-2, abs=0.02)
    assert table.loc["reverse", "deviation"] == pytest.approx(0.6, abs=0.02)
    assert table.loc["reverse", "reverse_kl_nats"] == pytest.approx(-np.log(0.6), abs=0.01)
    for column in ("forward", "reverse"):
        assert table[f"{column}_kl_nats"].idxmin() == column


def test_picture() -> None:
    assert divergences.plot(divergences.fitted()).size[0] > 400
