"""What the pictures of a GAN show, of a model whose images say what they were made of."""

from typing import Any

import numpy as np
import pytest

from generative.plots import grids as rendering
from generative.gan.schema import RenderAdversarial
from stages import render_adversarial

Array = np.ndarray


class Plain:
    """Images of one grey: the label's, or that of the first number of the noise."""

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def codes(self, count: int, seed: int, labels: Any = None) -> tuple[Array, Array]:
        if labels is None:
            labels = np.arange(count) % max(1, self.classes)
        noise = np.random.default_rng(seed).random((count, 3), np.float32)
        return noise, np.broadcast_to(labels, (count,))

    def images(self, noise: Array, labels: Array) -> Array:
        grey = labels / 10 if self.classes else noise[:, 0]
        return (grey[:, None, None, None] * np.ones((1, 4, 6, 1))).astype(np.float32)

    def generate(self, count: int, seed: int, labels: Any = None) -> Array:
        return self.images(*self.codes(count, seed, labels))


@pytest.fixture
def grids(monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """The greys of every grid that is drawn, row by row."""
    drawn: list[Array] = []
    grid = rendering.grid

    def kept(images: Array, columns: int, scale: int = 2) -> Any:
        greys = images[:, 0, 0, 0]
        missing = -len(greys) % columns
        drawn.append(np.pad(greys, (0, missing), constant_values=1).reshape(-1, columns))
        return grid(images, columns, scale)

    monkeypatch.setattr(rendering, "grid", kept)
    return drawn


def real(count: int) -> tuple[Array, Array]:
    """Digits whose grey is 0.05 above that of a generated one of their class."""
    labels = np.random.default_rng(0).permutation(np.arange(count) % 10)
    return Plain(10).images(np.zeros((count, 3)), labels + 0.5), labels


def draw(classes: int, columns: int = 4, test: int = 60) -> dict[str, Any]:
    block = RenderAdversarial(
        seed=1, rows=3, columns=columns, film_columns=4, large_film_columns=2, frames_per_second=4
    )
    train, _ = real(40)
    return render_adversarial.draw(Plain(classes), train, real(test), block)


NAMES = [
    "samples",
    "real_left_generated_right",
    "generated_beside_nearest_training",
    "interpolations",
]


def test_a_row_a_class(grids: list[Array]) -> None:
    assert list(draw(classes=10)) == NAMES
    samples, beside, pairs, between = grids
    rows = np.repeat(np.arange(10)[:, None] / 10, 4, axis=1)
    np.testing.assert_allclose(samples, rows, atol=1e-6)
    # Real digits of the class that is asked for in the row.
    np.testing.assert_allclose(beside, np.concatenate([rows + 0.05, rows], axis=1), atol=1e-6)
    np.testing.assert_allclose(np.abs(pairs[:, ::2] - pairs[:, 1::2]), 0.05, atol=1e-6)
    np.testing.assert_allclose(between, rows, atol=1e-6)


def test_without_classes(grids: list[Array]) -> None:
    assert list(draw(classes=0)) == NAMES
    samples, beside, _, between = grids
    assert samples.shape == (3, 4)
    np.testing.assert_array_equal(beside[:, 4:], samples)
    # The way between two codes is straight.
    np.testing.assert_allclose(np.diff(between, n=2, axis=1), 0, atol=1e-6)


@pytest.mark.parametrize("classes", [0, 10])
def test_fewer_test_images_than_places(grids: list[Array], classes: int) -> None:
    draw(classes, test=10)
    assert grids[1].shape == ((10 if classes else 3), 8)


@pytest.mark.parametrize("columns", [1, 5])
def test_pairs_stay_in_one_row(grids: list[Array], columns: int) -> None:
    draw(classes=10, columns=columns)
    pairs = grids[2]
    assert pairs.shape[1] % 2 == 0
    np.testing.assert_allclose(np.abs(pairs[:, ::2] - pairs[:, 1::2])[:-1], 0.05, atol=1e-6)


def test_nearest() -> None:
    generator = np.random.default_rng(0)
    images, among = generator.random((5, 4, 6, 3)), generator.random((30, 4, 6, 3))
    distances = ((images[:, None] - among[None]) ** 2).sum(axis=(2, 3, 4))
    assert np.array_equal(render_adversarial.nearest(images, among), distances.argmin(axis=1))
