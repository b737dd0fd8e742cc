"""The metrics of sets of images and of generators whose quality is known."""

from dataclasses import replace

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.image_quality.extractors import FeatureExtractor
from generative.image_quality.image_metrics import ImageMetrics
from generative.image_quality.references import RealFeatures, References
from tests.support.images import Quarters, UnnamedQuarters, digits

OPTIONS = References(
    split="test",
    network="quarters",
    samples=60,
    seeds=[1, 2],
    neighbours=3,
    kernel_subsets=3,
    kernel_subset_size=20,
    accuracy_floor=0.9,
)
Array = np.ndarray


def against(extractor: FeatureExtractor, options: References = OPTIONS) -> ImageMetrics:
    train, test, floor = digits(200, 2)[0], digits(60, 1), options.accuracy_floor
    real = RealFeatures.measure(extractor, train, test, floor, options.samples)
    return ImageMetrics(extractor, real, options)


@pytest.fixture
def metrics() -> ImageMetrics:
    return against(Quarters())


class Generator:
    def generate(self, count: int, seed: int) -> Array:
        return digits(count, 100 + seed)[0]


def test_good_samples_are_near_and_noise_is_far(metrics: ImageMetrics) -> None:
    good = metrics.measure(digits(60, 3)[0], seed=1)
    bad = metrics.measure(np.random.default_rng(0).random((60, 28, 28, 1)), seed=1)
    assert good["frechet_distance"] < bad["frechet_distance"]
    assert good["coverage"] > bad["coverage"]
    assert good["digits_covered"] == 10 > 2 >= bad["digits_covered"]
    assert good["digit_total_variation"] < 0.05
    assert good["nearest_train_ratio"] == pytest.approx(1, abs=0.5)
    # Other images of the same kind are about as far.
    others = [metrics.measure(digits(200, seed)[0], 1) for seed in range(3, 20)]
    spread = np.std([other["frechet_distance"] for other in others])
    assert 0.3 < others[0]["frechet_distance_standard_error"] / spread < 3
    memorised = metrics.measure(digits(200, 2)[0][:60], seed=1)
    assert memorised["nearest_train_ratio"] == pytest.approx(0, abs=1e-6)


def test_a_generator_is_measured_over_its_sampling_seeds(metrics: ImageMetrics) -> None:
    found = metrics.of_generator(Generator())
    single = [metrics.measure(digits(60, 100 + seed)[0], seed) for seed in (1, 2)]
    values = [s["frechet_distance"] for s in single]
    assert found["frechet_distance"] == pytest.approx(np.mean(values))
    assert found["frechet_distance_deviation"] == pytest.approx(np.std(values, ddof=1))
    errors = {name for name in single[0] if name.endswith("_standard_error")}
    assert set(found) == set(single[0]) | {f"{n}_deviation" for n in set(single[0]) - errors}
    squares = [s["precision_standard_error"] ** 2 for s in single]
    assert found["precision_standard_error"] == pytest.approx(np.sqrt(np.sum(squares)) / 2)
    one = against(Quarters(), OPTIONS.model_copy(update={"seeds": [1]}))
    assert one.of_generator(Generator()) == single[0]


class Conditional:
    """Makes the digit that it is given, or the next one; noisy, or always the same image."""

    classes = 10

    def __init__(self, wrong: int = 0, same: bool = False) -> None:
        self.wrong, self.same = wrong, same
        self.given: list[Array] = []

    def generate(self, count: int, seed: int, labels: Array) -> Array:
        self.given.append(labels)
        brightness = ((labels + self.wrong) % 10 + 0.5) / 10
        images = np.broadcast_to(brightness[:, None, None, None], (count, 28, 28, 1))
        width = 0.0 if self.same else 0.3
        noise = np.random.default_rng(seed).uniform(-width, width, images.shape)
        return (images + noise).astype(np.float32)


def test_a_conditional_generator_is_given_every_digit(metrics: ImageMetrics) -> None:
    model = Conditional()
    found = metrics.of_generator(model)
    assert [np.bincount(labels).tolist() for labels in model.given] == [[6] * 10] * 2
    assert found["label_accuracy"] == 1
    assert found["label_accuracy_deviation"] == 0
    assert found["intra_class_distance"] == pytest.approx(1, abs=0.1)
    assert found["gan_train_accuracy"] > 0.8
    wrong = metrics.of_generator(Conditional(wrong=1))
    assert wrong["label_accuracy"] == 0
    assert wrong["gan_train_accuracy"] < 0.1
    assert wrong["digits_covered"] == 10
    same = metrics.of_generator(Conditional(same=True))
    assert same["intra_class_distance"] == pytest.approx(0, abs=1e-6)
    unconditional = metrics.of_generator(Generator())
    of_labels = {"label_accuracy", "gan_train_accuracy", "intra_class_distance"}
    assert not of_labels & set(unconditional)


def test_classes_of_the_real_digits_are_the_true_ones() -> None:
    """A judge that takes every zero for a one still has zeros to compare with."""

    class NoZeros(Quarters):
        def probabilities(self, images: Array) -> Array:
            return np.eye(10)[np.maximum(super().probabilities(images).argmax(axis=1), 1)]

    found = against(NoZeros()).of_generator(Conditional())
    assert found["label_accuracy"] == pytest.approx(0.9)
    assert found["intra_class_distance"] == pytest.approx(1, abs=0.1)


def test_without_names_all_but_the_digits_is_measured(metrics: ImageMetrics) -> None:
    found = metrics.measure(digits(60, 3)[0], seed=1)
    rest = against(UnnamedQuarters(), OPTIONS.model_copy(update={"accuracy_floor": None}))
    expected = {name: value for name, value in found.items() if not name.startswith("digit")}
    assert len(expected) == len(found) - 3
    assert rest.measure(digits(60, 3)[0], seed=1) == expected


def test_features_of_the_real_images_are_computed_once() -> None:
    counts = []

    class Counting(Quarters):
        def features(self, images: Array) -> Array:
            counts.append(len(images))
            return super().features(images)

    metrics = against(Counting())
    for seed in (3, 4):
        metrics.measure(digits(50, seed)[0], seed)
    assert counts == [60, 200, 50, 50]


def test_features_of_another_extractor_are_refused(metrics: ImageMetrics) -> None:
    other = replace(metrics.real, extractor="another")
    with pytest.raises(BadInput, match="the extractor another, this one is quarters: they do not"):
        ImageMetrics(Quarters(), other, OPTIONS)
