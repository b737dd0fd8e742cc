"""What each noise of a StackedGAN changes, shown and measured with the other the same."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from generative.core.folders import read_json
from generative.datasets.base.dataset import Prepared
from generative.gan.disentanglement import stackedgan
from generative.gan.stackedgan import StackedGAN
from generative.plots import grids
from tests.support.gan import STACKEDGAN
from tests.support.images import Quarters, digits

OPTIONS = stackedgan.Disentanglement(
    network="gan/stackedgan", seed=1, samples=10, groups=2, members=3, columns=4, slider_places=3
)


@pytest.fixture(scope="module")
def model() -> StackedGAN:
    keras.utils.set_random_seed(1)
    return StackedGAN(**STACKEDGAN)


def real_digits(features: np.ndarray, labels: np.ndarray, extractor: Any) -> Any:
    real = SimpleNamespace(test=features, labels=labels)
    return SimpleNamespace(extractor=extractor, real=real)


def test_mix(model: StackedGAN) -> None:
    upper, lower = np.zeros((2, 6)), np.ones((2, 6))
    np.testing.assert_array_equal(stackedgan.mix(model, upper, lower), [[0, 0, 0, 1, 1, 1]] * 2)


def test_pictures_start_alike(model: StackedGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "grid", lambda images, columns: images)
    pictures: Any = stackedgan.draw(model, OPTIONS)
    assert list(pictures) == ["z0_varies_z1_is_kept", "z1_varies_z0_is_kept"]
    first, second = (images.reshape(10, 4, -1) for images in pictures.values())
    np.testing.assert_allclose(first[:, 0], second[:, 0], atol=1e-6)
    for rows in (first, second):
        assert (np.abs(rows[:, 1:] - rows[:, :1]).max(axis=(1, 2)) > 1e-4).all()


@pytest.mark.parametrize(("visible", "expected"), [("z1", 0.0), ("z0", 1.0)])
def test_diversity_is_what_z0_changes(model: StackedGAN, visible: str, expected: float) -> None:
    """Features that are one of the noises, and real digits as varied as it."""
    half = slice(3) if visible == "z1" else slice(3, None)
    latents: Any = model.latents

    def images(noise: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.concatenate([noise[:, half], labels[:, None]], axis=1)

    fake = SimpleNamespace(noise_size=3, latents=latents, images=images)
    labels = np.repeat(np.arange(10), 200)
    real = images(latents(2000, 9)[0], labels)
    metrics = real_digits(real, labels, SimpleNamespace(features=lambda images: images))
    options = OPTIONS.model_copy(update={"groups": 5, "members": 40})
    assert stackedgan.diversity(fake, metrics, options) == pytest.approx(expected, abs=0.1)


def test_sliders(model: StackedGAN) -> None:
    axes, images = stackedgan.sliders(model, OPTIONS)
    assert [axis["name"] for axis in axes] == ["digit", "z1", "z0"]
    assert axes[1]["values"] == [0.0, 0.5, 1.0]
    (first, last), _ = model.latents(2, 1)
    mixed = np.concatenate([last[:3], first[3:]])[np.newaxis]
    expected = model.images(mixed, np.array([7]))[0]
    found = images.reshape(10, 3, 3, 28, 28, 1)[7, 2, 0]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_model_is_measured_and_shown(model: StackedGAN, tmp_path: Path) -> None:
    images, labels = digits(60, 1)
    metrics = real_digits(Quarters().features(images), labels, Quarters())
    data = Prepared("mnist", {}, tmp_path)
    found = stackedgan.measure(model, data, metrics, OPTIONS, tmp_path)
    assert list(found) == [
        "feature_error",
        "z0_recovered",
        "z1_recovered",
        "diversity_given_label_and_z1",
        "diversity_given_label_and_z1_standard_error",
    ]
    assert {file.name for file in tmp_path.iterdir()} == {
        "sliders.json",
        "sliders.png",
        "z0_varies_z1_is_kept.png",
        "z1_varies_z0_is_kept.png",
    }
    assert [len(axis["values"]) for axis in read_json(tmp_path / "sliders.json")] == [10, 3, 3]
    with Image.open(tmp_path / "sliders.png") as picture:
        assert picture.size == (28 * 3, 28 * 10 * 3)
