from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from generative.plots import curves


@pytest.fixture
def history() -> pd.DataFrame:
    return pd.DataFrame({"epoch": [1, 2], "loss": [3.0, 2.0], "val_loss": [3.5, 2.5]})


def gan_history(epochs: int, *terms: str) -> pd.DataFrame:
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
    figure_image = curves.figure_image

    def kept(figure: Any) -> Image.Image:
        drawn.append(figure)
        return figure_image(figure)

    monkeypatch.setattr(curves, "figure_image", kept)
    return drawn


@pytest.mark.parametrize("terms", [(), ("gradient_norm",), ("gradient_norm", "r1", "real_class")])
@pytest.mark.parametrize("epochs", [1, 10])
def test_gan_curves_have_a_panel_for_every_term(
    figures: list[Any], terms: tuple[str, ...], epochs: int
) -> None:
    curves.gan_curves(gan_history(epochs, *terms))
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


def test_figures_are_the_same_bytes_twice(history: pd.DataFrame) -> None:
    codes = np.random.default_rng(0).standard_normal((50, 2))
    half = np.array([0.5, np.nan, 0.9])
    for draw in (
        lambda: curves.scatter(codes, np.arange(50) % 10, "codes"),
        lambda: curves.learning_curves(history),
        lambda: curves.reliability(half, half, np.array([3, 0, 7])),
        lambda: curves.captioned(
            np.full((3, 4, 6, 1), 0.5, np.float32), ["4 as 9", "5 as 3", "1 as 7"], 2
        ),
        lambda: curves.trials(np.array([0.5, 0.4, 0.6])),
        lambda: curves.gan_curves(gan_history(3, "gradient_norm")),
        lambda: curves.shares({"learning_rate": 0.7, "width": 0.3}),
    ):
        first, second = draw(), draw()
        assert first.tobytes() == second.tobytes()
        assert np.asarray(first).std() > 0
