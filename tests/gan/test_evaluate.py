"""What a GAN measures of itself on held-out images."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.gan.evaluate import Evaluate, evaluate
from tests.support.gan import IMAGES, LABELS, build


class TestSplit:
    """Prepared data of which only the test split may be used."""

    __test__ = False

    def load(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        assert split == "test"
        return IMAGES, LABELS


def measure(model: Any, folder: Path, seed: int = 1, batch_size: int = 5) -> dict[str, Any]:
    options = Evaluate(seed=seed, batch_size=batch_size)
    return evaluate(model, TestSplit(), options, folder)  # type: ignore[arg-type]


def test_terms_of_both_losses_on_the_test_images(tmp_path: Path) -> None:
    model = build(objective="maximum_likelihood")
    found = measure(model, tmp_path)
    names = ("discriminator", "generator", "real_accuracy", "fake_accuracy", "variety")
    assert set(found) == {*(f"test_{n}" for n in (*names, "effective_samples")), "parameters"}
    assert all(np.isfinite(value) for value in found.values())
    assert found["parameters"] == sum(
        w.numpy().size for w in (*model.generator.weights, *model.discriminator.weights)
    )
    accuracy = (np.asarray(model(IMAGES)["logits"]) > 0).mean()
    assert found["test_real_accuracy"] == pytest.approx(accuracy)


def test_the_seed_decides(tmp_path: Path) -> None:
    model = build()
    first = measure(model, tmp_path)
    weights = [w.copy() for w in model.get_weights()]
    assert measure(model, tmp_path) == first
    assert measure(build(), tmp_path) == first
    assert measure(model, tmp_path, seed=2)["test_generator"] != first["test_generator"]
    networks = model.generator, model.discriminator, model.average_generator
    unchanged = [w for network in networks for w in network.get_weights()]
    assert all(map(np.array_equal, unchanged, weights))
