"""Thickness and slant of drawn strokes whose width and angle are known."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from generative.gan.disentanglement.strokes import slant, thickness

FINE = 16


def stroke(width: float, degrees: float, length: float = 18, side: int = 28) -> np.ndarray:
    """A straight stroke leaning to the right, smoothed as a scan is: [1, side, side, 1]."""
    canvas = Image.new("L", (side * FINE, side * FINE))
    middle, angle = side * FINE / 2, np.radians(degrees)
    reach = np.array([np.sin(angle), -np.cos(angle)]) * length / 2 * FINE
    ends = [tuple(middle - reach), tuple(middle + reach)]
    ImageDraw.Draw(canvas).line(ends, fill=255, width=round(width * FINE))
    small = canvas.resize((side, side), Image.Resampling.BOX)
    return np.asarray(small, np.float32)[np.newaxis, ..., np.newaxis] / 255


@pytest.mark.parametrize("degrees", [0, 10, 20, 30, 90])
@pytest.mark.parametrize("width", [1.5, 2, 3, 4, 5])
def test_thickness_is_the_width(width: float, degrees: float) -> None:
    assert thickness(stroke(width, degrees))[0] == pytest.approx(width, abs=0.5)


def test_thicker_strokes_measure_thicker() -> None:
    for degrees in (0, 15, 30):
        found = [thickness(stroke(width, degrees))[0] for width in (1.5, 2.5, 3.5, 4.5, 5.5)]
        assert (np.diff(found) > 0.4).all()


@pytest.mark.parametrize("degrees", [-40, -20, 0, 15, 35])
@pytest.mark.parametrize("width", [1.5, 3])
def test_slant_is_the_angle(width: float, degrees: float) -> None:
    assert slant(stroke(width, degrees))[0] == pytest.approx(degrees, abs=2)


def test_place_and_brightness_do_not_matter() -> None:
    image = stroke(3, 20)
    moved = np.roll(image, (3, -4), axis=(1, 2)) / 2
    assert slant(moved) == pytest.approx(slant(image), abs=1e-4)
    assert thickness(moved) == pytest.approx(thickness(image), abs=1e-6)


def test_a_dark_image_has_neither() -> None:
    dark = np.zeros((2, 28, 28, 1), np.float32)
    assert np.isnan(thickness(dark)).all()
    assert np.isnan(slant(dark)).all()
