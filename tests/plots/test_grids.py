import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.stats import norm

from generative.plots import grids as rendering


def flat(values: list[float], channels: int = 1) -> np.ndarray:
    return np.array(values, np.float32).reshape(-1, 1, 1, 1) * np.ones(
        (1, 4, 6, channels), np.float32
    )


def test_grid_places_row_by_row() -> None:
    picture = rendering.grid(flat([0.0, 0.4, 0.8]), columns=2, scale=1)
    assert picture.size == (2 * 8 + 2, 2 * 6 + 2)
    pixels = np.asarray(picture)
    assert pixels[3, 3] == 0
    assert pixels[3, 11] == 102
    assert pixels[9, 3] == 204
    assert pixels[9, 11] == 255  # no fourth image: white
    assert pixels[0, 0] == 255


def test_grid_keeps_colour_and_scale() -> None:
    picture = rendering.grid(flat([0.5], channels=3), columns=1, scale=3)
    assert picture.mode == "RGB"
    assert picture.size == (10 * 3, 8 * 3)


def test_mosaic_leaves_no_gap() -> None:
    pixels = np.asarray(rendering.mosaic(flat([0.0, 0.2, 0.4, 0.6]), columns=2))
    assert pixels.shape == (8, 12)
    assert [pixels[0, 0], pixels[0, 6], pixels[4, 0], pixels[4, 6]] == [0, 51, 102, 153]


def test_film_plays_every_frame() -> None:
    frames = [rendering.grid(flat([v]), 1) for v in (0.0, 0.5, 1.0)]
    content = rendering.film(frames, frames_per_second=4)
    film = Image.open(io.BytesIO(content))
    assert film.n_frames == 3  # type: ignore[attr-defined]
    assert film.info["duration"] == 250
    assert content == rendering.film(frames, frames_per_second=4)


def test_plane_has_equal_shares_of_the_prior() -> None:
    codes = rendering.unit_square_quantiles(4)
    assert codes.shape == (16, 2)
    np.testing.assert_allclose(norm.cdf(codes[:4, 0]), [0.125, 0.375, 0.625, 0.875], rtol=1e-5)
    assert codes[0, 1] > codes[-1, 1]  # upwards


def test_between_runs_from_start_to_end() -> None:
    start, end = np.array([[0.0, 0.0]]), np.array([[1.0, 2.0]])
    expected = np.array([[0, 0], [0.5, 1], [1, 2]])
    np.testing.assert_allclose(rendering.between(start, end, 3), expected)


@pytest.fixture
def history() -> pd.DataFrame:
    return pd.DataFrame({"epoch": [1, 2], "loss": [3.0, 2.0], "val_loss": [3.5, 2.5]})


def course(epochs: int, *terms: str) -> pd.DataFrame:
    """What a GAN's training leaves, and `terms` besides."""
    values = np.random.default_rng(0).random((epochs, 9))
    names = ("discriminator", "generator", "real_accuracy", "fake_accuracy", "variety")
    table = pd.DataFrame({"epoch": np.arange(1, epochs + 1)})
    for index, name in enumerate((*names, *terms)):
        table[name] = values[:, index]
        if name != "gradient_norm":
            table[f"val_{name}"] = values[:, index] + 0.01
    return table


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that are drawn."""
    drawn: list[Any] = []
    to_picture = rendering._to_picture

    def kept(figure: Any) -> Image.Image:
        drawn.append(figure)
        return to_picture(figure)

    monkeypatch.setattr(rendering, "_to_picture", kept)
    return drawn


@pytest.mark.parametrize("terms", [(), ("gradient_norm",), ("gradient_norm", "r1", "real_class")])
@pytest.mark.parametrize("epochs", [1, 10])
def test_a_game_has_a_panel_for_every_term(
    figures: list[Any], terms: tuple[str, ...], epochs: int
) -> None:
    rendering.game(course(epochs, *terms))
    seen = [axes for axes in figures[0].axes if axes.get_visible()]
    assert len(seen) == 4 + len(terms)
    assert all(axes.lines for axes in seen)
    assert [axes.get_title() for axes in seen[4:]] == [term.replace("_", " ") for term in terms]
    # Only a term that is not held out is one line.
    assert [axes.get_title() for axes in seen[1:] if len(axes.lines) == 1] == [
        "gradient norm" for term in terms if term == "gradient_norm"
    ]
    for axes in seen:
        ticks = [tick for tick in axes.get_xticks() if 1 <= tick <= epochs]
        assert ticks == [round(tick) for tick in ticks] != []


@pytest.mark.parametrize("epochs", [1, 10, 500])
def test_digits_of_any_number_of_epochs_fit(figures: list[Any], epochs: int) -> None:
    counts = np.random.default_rng(0).multinomial(100, np.full(10, 0.1), epochs)
    picture = rendering.digits_by_epoch(counts)
    assert 400 < picture.width < 1500
    labels = [int(label.get_text()) for label in figures[0].axes[0].get_xticklabels()]
    assert labels[0] == 1
    assert len(labels) <= 16
    assert labels[-1] <= epochs


@pytest.mark.parametrize("count", [2, 3])
def test_objectives_stand_side_by_side(figures: list[Any], count: int) -> None:
    names = ["minimax", "maximum_likelihood", "non_saturating"][:count]
    steps = pd.DataFrame({"step": [0, 5], "fake_accuracy": [0.5, 1.0]})
    steps[names] = 0.1
    rendering.objectives(
        {name: course(4) for name in names},
        {name: flat([0.1, 0.5, 0.9, 0.2]) for name in names},
        {name: {"frechet_distance": 12.3456, "coverage": 0.5} for name in names},
        steps,
        columns=2,
    )
    (figure,) = figures
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles[:count] == [name.replace("_", " ") for name in names]
    assert len(figure.axes) == 3 * count + 2
    norms = figure.axes[-2]
    assert [text.get_text() for text in norms.get_legend().get_texts()] == titles[:count]
    tables = [table for axes in figure.axes for table in axes.tables]
    words = {cell.get_text().get_text() for cell in tables[0].get_celld().values()}
    assert words == {"frechet distance", "12.35", "coverage", "0.5"}


def test_figures_are_the_same_bytes_twice(history: pd.DataFrame) -> None:
    codes = np.random.default_rng(0).standard_normal((50, 2))
    half = np.array([0.5, np.nan, 0.9])
    for draw in (
        lambda: rendering.scatter(codes, np.arange(50) % 10, "codes"),
        lambda: rendering.learning_curves(history),
        lambda: rendering.reliability(half, half, np.array([3, 0, 7])),
        lambda: rendering.captioned(flat([0.1, 0.5, 0.9]), ["4 as 9", "5 as 3", "1 as 7"], 2),
        lambda: rendering.trials(np.array([0.5, 0.4, 0.6])),
        lambda: rendering.game(course(3, "gradient_norm")),
        lambda: rendering.digits_by_epoch(np.arange(20).reshape(2, 10)),
        lambda: rendering.shares({"learning_rate": 0.7, "width": 0.3}),
    ):
        first, second = draw(), draw()
        assert first.tobytes() == second.tobytes()
        assert np.asarray(first).std() > 0
