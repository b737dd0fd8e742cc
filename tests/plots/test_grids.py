import io

import numpy as np
from PIL import Image
from scipy.stats import norm

from generative.plots import grids


def flat(values: list[float], channels: int = 1) -> np.ndarray:
    return np.array(values, np.float32).reshape(-1, 1, 1, 1) * np.ones(
        (1, 4, 6, channels), np.float32
    )


def test_grid_places_row_by_row() -> None:
    picture = grids.grid(flat([0.0, 0.4, 0.8]), columns=2, scale=1)
    assert picture.size == (2 * 8 + 2, 2 * 6 + 2)
    pixels = np.asarray(picture)
    assert pixels[3, 3] == 0
    assert pixels[3, 11] == 102
    assert pixels[9, 3] == 204
    assert pixels[9, 11] == 255  # no fourth image: white
    assert pixels[0, 0] == 255


def test_grid_keeps_colour_and_scale() -> None:
    picture = grids.grid(flat([0.5], channels=3), columns=1, scale=3)
    assert picture.mode == "RGB"
    assert picture.size == (10 * 3, 8 * 3)


def test_mosaic_leaves_no_gap() -> None:
    pixels = np.asarray(grids.mosaic(flat([0.0, 0.2, 0.4, 0.6]), columns=2))
    assert pixels.shape == (8, 12)
    assert [pixels[0, 0], pixels[0, 6], pixels[4, 0], pixels[4, 6]] == [0, 51, 102, 153]


def test_animation_has_every_frame() -> None:
    frames = [grids.grid(flat([v]), 1) for v in (0.0, 0.5, 1.0)]
    content = grids.animation(frames, frames_per_second=4)
    animation = Image.open(io.BytesIO(content))
    assert animation.n_frames == 3  # type: ignore[attr-defined]
    assert animation.info["duration"] == 250
    assert content == grids.animation(frames, frames_per_second=4)


def test_plane_has_equal_shares_of_the_prior() -> None:
    codes = grids.unit_square_quantiles(4)
    assert codes.shape == (16, 2)
    np.testing.assert_allclose(norm.cdf(codes[:4, 0]), [0.125, 0.375, 0.625, 0.875], rtol=1e-5)
    assert codes[0, 1] > codes[-1, 1]  # upwards


def test_between_runs_from_start_to_end() -> None:
    start, end = np.array([[0.0, 0.0]]), np.array([[1.0, 2.0]])
    expected = np.array([[0, 0], [0.5, 1], [1, 2]])
    np.testing.assert_allclose(grids.between(start, end, 3), expected)


def test_grey_images_in_colours() -> None:
    grey = flat([0.0, 1.0])
    assert grids.coloured(grey, "gray") is grey
    found = grids.coloured(grey, "viridis")
    assert found.shape == (2, 4, 6, 3)
    np.testing.assert_allclose(found[0, 0, 0], np.array([68, 1, 84]) / 255, atol=0.01)
    np.testing.assert_allclose(found[1, 0, 0], np.array([253, 231, 37]) / 255, atol=0.01)
    colour = flat([0.5], channels=3)
    assert grids.coloured(colour, "viridis") is colour
