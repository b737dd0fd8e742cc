"""What an InfoGAN's controls are measured to be, on one whose controls are known."""

from typing import Any

import numpy as np
import pytest

from generative.gan.disentanglement import steering
from generative.gan.disentanglement.schema import EvaluateInfogan

BLOCK = EvaluateInfogan(seed=1, samples=200, least_correlation=0.5, places=5, reach=1.0, rows=2)
LABELS = np.arange(40, dtype=np.uint8) % 10


class Known:
    """Category c draws a bar of height 5 + c; the second code is its lean, the first its ink."""

    def codes(self, count: int, seed: int, **_: Any) -> tuple[np.ndarray, np.ndarray]:
        generator = np.random.default_rng(seed)
        one_hot = np.eye(10)[np.arange(count) % 10]
        codes = generator.uniform(-1, 1, (count, 2))
        return np.concatenate([one_hot, codes], axis=1), np.zeros(count)

    def categories(self, codes: np.ndarray) -> np.ndarray:
        return codes[:, :10].argmax(axis=1)

    def images(self, codes: np.ndarray, _: np.ndarray) -> np.ndarray:
        images = np.zeros((len(codes), 28, 28, 1), np.float32)
        for image, category, (ink, lean) in zip(
            images, self.categories(codes), codes[:, 10:], strict=True
        ):
            for row in range(5, 15 + category):
                left = 12 + round(-5 * lean * (row - 10) / 10)
                image[row, left : left + 3] = 0.75 + ink / 4
        return images

    def generate(
        self, count: int, seed: int, labels: np.ndarray, code1: float, code2: float
    ) -> np.ndarray:
        codes = np.concatenate([np.eye(10)[labels], np.tile([code1, code2], (count, 1))], axis=1)
        return self.images(codes, labels)

    def read(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return {"category": np.eye(10)[height(images)]}

    def told(self, codes: np.ndarray, images: np.ndarray) -> dict[str, float]:
        return {"category_information_nats": 2.0}


def height(images: np.ndarray) -> np.ndarray:
    return (images.max(axis=(2, 3)) > 0).sum(axis=1) - 10


class Judge:
    """The digits are the categories, backwards."""

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        return np.eye(10)[9 - height(images)]


@pytest.fixture(scope="module")
def measured() -> tuple[dict[str, float], dict[str, Any]]:
    model = Known()
    codes, labels = model.codes(40, 3)
    real = model.images(codes, labels)
    # The truth of one test digit is another.
    truth = 9 - LABELS
    return steering.measure(model, (real, truth), (real, np.roll(truth, 1)), Judge(), BLOCK)


def test_what_is_known_of_the_controls(measured: tuple[dict[str, float], dict[str, Any]]) -> None:
    metrics, controls = measured
    assert controls["digits"] == {str(digit): 9 - digit for digit in range(10)}
    assert controls["thickness"] is None  # ink is no width
    assert controls["slant"]["code"] == "code2"
    assert controls["slant"]["sign"] == 1
    assert metrics["slant_correlation"] > 0.9
    assert metrics["thickness_correlation"] < 0.5
    assert metrics["leakage"] == controls["slant"]["leakage"]


def test_metrics(measured: tuple[dict[str, float], dict[str, Any]]) -> None:
    metrics, _ = measured
    assert metrics["category_error"] == 1.0
    assert metrics["label_accuracy"] == 1.0
    assert metrics["digit_kept"] == 1.0
    assert metrics["category_information_nats"] == 2.0


def test_a_sweep() -> None:
    swept = steering.sweep(Known(), "code2", BLOCK)
    assert swept.shape == (20, 5, 28, 28, 1)
    assert (height(swept[:, 0]) == np.repeat(np.arange(10), 2)).all()
    assert not np.array_equal(swept[0, 0], swept[0, 4])
    still = Known().generate(1, 1, np.array([0]), 0.0, 0.0)
    np.testing.assert_array_equal(swept[0, 2], still[0])
