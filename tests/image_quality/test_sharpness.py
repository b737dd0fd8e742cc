import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from generative.image_quality.sharpness import gradient_energies


def test_the_energy_of_stripes_and_of_noise() -> None:
    """Stripes of one pixel differ by 1 everywhere across; noise by twice its variance both ways."""
    stripes = np.tile(np.array([0.0, 1.0], np.float32)[None, None, :, None], (2, 8, 4, 1))
    assert gradient_energies(stripes).mean() == pytest.approx(1)
    assert (gradient_energies(np.full((3, 8, 8, 3), 0.4, np.float32)) == 0).all()
    noise = np.random.default_rng(0).normal(0, 0.1, (50, 40, 40, 1))
    assert gradient_energies(noise).mean() == pytest.approx(4 * 0.01, rel=0.02)


def test_a_gaussian_takes_its_share_of_the_energy() -> None:
    """Of a wave of frequency w, blurred by a deviation s, exp(-(w s)^2) is left."""
    frequency, pixels = 2 * np.pi / 16, 1.5
    wave = np.sin(frequency * np.arange(64))
    images = np.tile(wave[None, None, :, None], (1, 64, 1, 1))
    blurred = gaussian_filter(images, (0, pixels, pixels, 0), mode="wrap")
    left = gradient_energies(blurred).mean() / gradient_energies(images).mean()
    assert left == pytest.approx(np.exp(-((frequency * pixels) ** 2)), rel=0.01)
