from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.metrics import log_loss

from generative.core import members
from generative.core import saving
from generative.classifiers.ensemble import Ensemble
from generative.classifiers.ensemble import mixture_weights

CLASSIFIER = {
    "shift_pixels": 0,
    "blur_pixels": 0.0,
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "learning_rate": 0.001,
    "learning_rate_decay": "none",
}
ARGUMENTS: dict[str, Any] = {
    "members": {
        "one": {
            "network": "topologies/sequential",
            "arguments": {**CLASSIFIER, "width": 2, "units": 6},
        },
        "two": {
            "network": "topologies/separable",
            "arguments": {**CLASSIFIER, "width": 2, "pairs": 1},
        },
    },
    "features": "one",
}


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((40, 28, 28, 1), dtype=np.float32)


LABELS = np.arange(40) % 10


def guesses(sharpness: list[float], count: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Classifiers of three classes that see the label the more clearly the sharper they are."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 3, count)
    logits = generator.normal(size=(len(sharpness), count, 3))
    logits[:, np.arange(count), labels] += np.array(sharpness)[:, np.newaxis]
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=-1, keepdims=True), labels


def test_weights_are_the_most_likely_ones() -> None:
    probabilities, labels = guesses([2.0, 1.5, 0.0])
    shares = mixture_weights(probabilities, labels)
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 0).all()

    def cost(logits: np.ndarray) -> float:
        weights = np.exp(logits) / np.exp(logits).sum()
        return float(log_loss(labels, np.tensordot(weights, probabilities, axes=1)))

    best = minimize(cost, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-6}).fun
    found = log_loss(labels, np.tensordot(shares, probabilities, axes=1))
    assert found <= best + 1e-5
    assert found < min(log_loss(labels, p) for p in probabilities)


def test_a_member_that_is_sure_and_wrong_costs_no_infinity() -> None:
    probabilities = np.array([[[0.0, 1.0]], [[0.6, 0.4]]])
    assert mixture_weights(probabilities, np.array([0])) == pytest.approx([0, 1], abs=1e-3)


def test_probabilities_are_the_weighted_mean(images: np.ndarray) -> None:
    model = Ensemble(**ARGUMENTS)
    model.fit_to(images, (images, LABELS))
    shares = model.average.shares.numpy()
    members = np.stack([member.probabilities(images) for member in model.members.values()])
    np.testing.assert_allclose(
        model.probabilities(images), np.tensordot(shares, members, axes=1), atol=1e-6
    )


def test_features_are_standardised_on_the_training_images(images: np.ndarray) -> None:
    model = Ensemble(**ARGUMENTS)
    model.fit_to(images, (images, LABELS))
    features = model.features(images)
    np.testing.assert_allclose(features, model.outputs_of(images)["features"], atol=1e-5)
    alive = features.std(axis=0) > 0
    assert alive.any()
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(features.std(axis=0)[alive], 1, rtol=1e-3)


def test_the_folder_gives_it_back_whole(images: np.ndarray, tmp_path: Path) -> None:
    model = Ensemble(**ARGUMENTS)
    model.fit_to(images, (images, LABELS))
    saving.save(model, saving.Description("topologies/ensemble", ARGUMENTS, "mnist", {}), tmp_path)
    loaded = saving.load(tmp_path)
    np.testing.assert_array_equal(loaded.probabilities(images), model.probabilities(images))
    np.testing.assert_array_equal(loaded.features(images), model.features(images))
