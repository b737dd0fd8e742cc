"""Pictures of a GAN whose images show what they were made from."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageSequence

from generative.core.history import History
from generative.gan import render
from generative.plots import grids

Array = np.ndarray


class Plain:
    """Images of one grey: the label's, or that of the first number of the noise."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.generator = keras.Sequential(
            [keras.Input((3 + classes,)), keras.layers.Dense(24), keras.layers.Reshape((4, 6, 1))]
        )
        image, label = keras.Input((4, 6, 1)), keras.Input((classes,))
        logits = keras.layers.Dense(1)(keras.layers.Flatten()(image))
        self.discriminator = keras.Model([image, label] if classes else image, {"logits": logits})

    def latents(self, count: int, seed: int, labels: Any = None) -> tuple[Array, Array]:
        if labels is None:
            labels = np.arange(count) % max(1, self.classes)
        noise = np.random.default_rng(seed).random((count, 3), np.float32)
        return noise, np.broadcast_to(labels, (count,))

    def images(self, noise: Array, labels: Array) -> Array:
        grey = labels / 10 if self.classes else noise[:, 0]
        return (grey[:, None, None, None] * np.ones((1, 4, 6, 1))).astype(np.float32)

    def generate(self, count: int, seed: int, labels: Any = None) -> Array:
        return self.images(*self.latents(count, seed, labels))


@pytest.fixture
def drawn_grids(monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """The greys of every grid that is drawn, row by row."""
    drawn: list[Array] = []
    grid = grids.grid

    def recorded(images: Array, columns: int, scale: int = 2) -> Any:
        greys = images[:, 0, 0, 0]
        missing = -len(greys) % columns
        drawn.append(np.pad(greys, (0, missing), constant_values=1).reshape(-1, columns))
        return grid(images, columns, scale)

    monkeypatch.setattr(grids, "grid", recorded)
    return drawn


def real(count: int) -> tuple[Array, Array]:
    """Digits whose grey is 0.05 above that of a generated one of their class."""
    labels = np.random.default_rng(0).permutation(np.arange(count) % 10)
    return Plain(10).images(np.zeros((count, 3)), labels + 0.5), labels


def options(columns: int = 4) -> render.Render:
    return render.Render(
        seed=1,
        rows=3,
        columns=columns,
        animation_columns=4,
        large_animation_columns=2,
        colours="gray",
        frames_per_second=4,
        frames="animation",
    )


def draw(classes: int, columns: int = 4, test: int = 60) -> dict[str, Any]:
    train, _ = real(40)
    return render.draw(Plain(classes), train, real(test), options(columns))


COLUMNS = ["discriminator", "generator", "real_accuracy", "fake_accuracy", "variety"]
NAMES = [
    "samples",
    "real_left_generated_right",
    "generated_beside_nearest_training",
    "interpolations",
]


def test_a_row_a_class(drawn_grids: list[Array]) -> None:
    assert list(draw(classes=10)) == NAMES
    samples, beside, pairs, between = drawn_grids
    rows = np.repeat(np.arange(10)[:, None] / 10, 4, axis=1)
    np.testing.assert_allclose(samples, rows, atol=1e-6)
    # Real digits of the class of the row.
    np.testing.assert_allclose(beside, np.concatenate([rows + 0.05, rows], axis=1), atol=1e-6)
    np.testing.assert_allclose(np.abs(pairs[:, ::2] - pairs[:, 1::2]), 0.05, atol=1e-6)
    np.testing.assert_allclose(between, rows, atol=1e-6)


def test_without_classes(drawn_grids: list[Array]) -> None:
    assert list(draw(classes=0)) == NAMES
    samples, beside, _, between = drawn_grids
    assert samples.shape == (3, 4)
    np.testing.assert_array_equal(beside[:, 4:], samples)
    # The path between two latents is straight.
    np.testing.assert_allclose(np.diff(between, n=2, axis=1), 0, atol=1e-6)


@pytest.mark.parametrize("classes", [0, 10])
def test_fewer_test_images_than_places(drawn_grids: list[Array], classes: int) -> None:
    draw(classes, test=10)
    assert drawn_grids[1].shape == ((10 if classes else 3), 8)


@pytest.mark.parametrize("columns", [1, 5])
def test_pairs_stay_in_one_row(drawn_grids: list[Array], columns: int) -> None:
    draw(classes=10, columns=columns)
    pairs = drawn_grids[2]
    assert pairs.shape[1] % 2 == 0
    np.testing.assert_allclose(np.abs(pairs[:, ::2] - pairs[:, 1::2])[:-1], 0.05, atol=1e-6)


def test_nearest() -> None:
    generator = np.random.default_rng(0)
    images, others = generator.random((5, 4, 6, 3)), generator.random((30, 4, 6, 3))
    distances = ((images[:, None] - others[None]) ** 2).sum(axis=(2, 3, 4))
    assert np.array_equal(render.nearest(images, others), distances.argmin(axis=1))


class Digits:
    """Prepared data that need no files."""

    def load(self, split: str) -> tuple[Array, Array]:
        return real({"train": 40, "test": 60}[split])


@pytest.mark.parametrize(("height", "side"), [(render.LARGE, 4), (render.LARGE + 1, 2)])
def test_the_files_and_the_animation(tmp_path: Path, height: int, side: int) -> None:
    """Large images are fewer in the animation, at their own size."""
    table = pd.DataFrame({"epoch": [1, 2]} | {name: [0.1, 0.2] for name in COLUMNS})
    frames = np.random.default_rng(0).random((2, 20, height, 6, 1))
    History(table, frames, [], [], table[COLUMNS]).save(tmp_path / "history", {}, {})
    folder = tmp_path / "pictures"
    folder.mkdir()
    render.render(Plain(10), Digits(), tmp_path / "history", options(), folder)  # type: ignore[arg-type]
    curves = ("learning_curves", "learning_curves_by_step")
    # Architectures: pictures, or texts where graphviz is missing.
    networks = {"generator", "discriminator", "stack"}
    assert {file.stem for file in folder.iterdir()} == {*NAMES, *curves, *networks, "training"}
    scale = 2 if side == 4 else 1
    with Image.open(folder / "training.gif") as animation:
        assert len(list(ImageSequence.Iterator(animation))) == 2
        assert animation.height == scale * (side * (height + grids.GAP) + grids.GAP)


@pytest.mark.parametrize("classes", [0, 10])
def test_the_stack_judges_what_is_generated(classes: int) -> None:
    model = Plain(classes)
    networks = render.networks(model)
    latents = keras.ops.ones((2, 3 + classes))
    labels = [keras.ops.one_hot([0, 1], 10)] if classes else []
    images = networks["generator"](latents)
    judged = networks["discriminator"]([images, *labels] if labels else images)["logits"]
    found = networks["stack"]([latents, *labels])["logits"]
    np.testing.assert_allclose(found, judged, atol=1e-6)
