"""GAN-train of samples whose quality is known."""

import numpy as np
import pytest

from generative.image_quality.gan_train import gan_train

GENERATOR = np.random.default_rng(0)
LABELS = np.arange(600) % 3
CENTRES = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])


def draw(width: float = 1.0) -> np.ndarray:
    return CENTRES[LABELS] + width * GENERATOR.standard_normal((600, 2))


def test_samples_like_the_real_ones_teach_as_much() -> None:
    real = draw()
    bayes = (np.square(real[:, None] - CENTRES).sum(axis=-1).argmin(axis=1) == LABELS).mean()
    assert gan_train(draw(), LABELS, real, LABELS).mean() == pytest.approx(bayes, abs=0.01)


def test_wrong_labels_teach_the_wrong_thing() -> None:
    assert gan_train(draw(), (LABELS + 1) % 3, draw(), LABELS).mean() < 0.1


def test_what_tells_nothing_of_the_class_teaches_nothing() -> None:
    noise = GENERATOR.standard_normal((600, 2))
    assert gan_train(noise, LABELS, draw(), LABELS).mean() < 0.6
