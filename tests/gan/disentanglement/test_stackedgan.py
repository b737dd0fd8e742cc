"""What each noise of a StackedGAN changes, drawn and measured with one noise kept."""

from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from generative.plots import grids as rendering
from generative.gan.disentanglement.schema import EvaluateStackedgan
from generative.gan.stackedgan import StackedGAN
from stages import evaluate_stackedgan
from tests.models.test_stackedgan import SMALL

BLOCK = EvaluateStackedgan(seed=1, samples=10, groups=2, members=3, columns=4)


@pytest.fixture(scope="module")
def model() -> StackedGAN:
    keras.utils.set_random_seed(1)
    return StackedGAN(**SMALL)


def test_mixed(model: StackedGAN) -> None:
    upper, lower = np.zeros((2, 6)), np.ones((2, 6))
    np.testing.assert_array_equal(
        evaluate_stackedgan.mixed(model, upper, lower), [[0, 0, 0, 1, 1, 1]] * 2
    )


def test_pictures_start_alike(model: StackedGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "grid", lambda images, columns: images)
    pictures = evaluate_stackedgan.draw(model, BLOCK)
    assert list(pictures) == ["z0_varies_z1_is_kept", "z1_varies_z0_is_kept"]
    first, second = (images.reshape(10, 4, -1) for images in pictures.values())
    np.testing.assert_array_equal(first[:, 0], second[:, 0])
    for rows in (first, second):
        assert (np.abs(rows[:, 1:] - rows[:, :1]).max(axis=(1, 2)) > 0).all()


@pytest.mark.parametrize(("reads", "expected"), [("z1", 0.0), ("z0", 1.0)])
def test_diversity_is_what_z0_changes(model: StackedGAN, reads: str, expected: float) -> None:
    """Eyes that see one of the noises, and real digits as varied as it."""
    half = slice(3) if reads == "z1" else slice(3, None)
    told: dict[str, Any] = {
        "noise_size": model.noise_size,
        "codes": model.codes,
        "images": lambda noise, labels: np.concatenate([noise[:, half], labels[:, None]], axis=1),
    }
    labels = np.repeat(np.arange(10), 200)
    noise, _ = model.codes(2000, 9)
    comparison: Any = SimpleNamespace(
        judge=SimpleNamespace(features=lambda images: images),
        test=told["images"](noise, labels),
        true=labels,
    )
    block = BLOCK.model_copy(update={"groups": 5, "members": 40})
    found = evaluate_stackedgan.diversity(SimpleNamespace(**told), comparison, block)
    assert found == pytest.approx(expected, abs=0.1)
