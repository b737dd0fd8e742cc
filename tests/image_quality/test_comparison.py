from pathlib import Path

import numpy as np
import pytest

from generative.image_quality import comparison as judge
from generative.core import saving
from generative.image_quality.schema import EvaluateImages
from generative.core.errors import BadInput
from generative.classifiers.ensemble import Ensemble
from tests.topologies.test_ensemble import ARGUMENTS

BLOCK = EvaluateImages(
    samples=60,
    seeds=[1, 2],
    neighbours=3,
    kernel_subsets=3,
    kernel_subset_size=20,
    accuracy_floor=0.9,
)
Array = np.ndarray


class Eyes:
    """A judge that sees the brightness of the quarters, and names the digit by the mean."""

    def outputs_of(self, images: Array) -> dict[str, Array]:
        quarters = images.reshape(-1, 2, 14, 2, 14).mean(axis=(2, 4)).reshape(-1, 4)
        digit = np.clip(images.mean(axis=(1, 2, 3)) * 10, 0, 9).astype(int)
        return {"features": quarters, "probabilities": np.eye(10)[digit]}

    def features(self, images: Array) -> Array:
        return self.outputs_of(images)["features"]


def digits(count: int, seed: int) -> Array:
    """Images of ten brightnesses, the same number of each."""
    generator = np.random.default_rng(seed)
    brightness = (np.arange(count) % 10 + 0.5) / 10
    noise = generator.uniform(-0.3, 0.3, (count, 28, 28, 1))
    return (brightness[:, np.newaxis, np.newaxis, np.newaxis] + noise).astype(np.float32)


def names(count: int) -> Array:
    """What a judge should call `digits`."""
    return np.arange(count) % 10


class Generator:
    def generate(self, count: int, seed: int) -> Array:
        return digits(count, 100 + seed)


@pytest.fixture
def comparison() -> judge.Comparison:
    return judge.Comparison(Eyes(), digits(60, 1), digits(200, 2), BLOCK, names(60))


def test_good_samples_are_near_and_noise_is_far(comparison: judge.Comparison) -> None:
    good = comparison.measure(digits(60, 3), seed=1)
    bad = comparison.measure(np.random.default_rng(0).random((60, 28, 28, 1)), seed=1)
    assert good["frechet_distance"] < bad["frechet_distance"]
    assert good["coverage"] > bad["coverage"]
    assert good["digits_covered"] == 10 > 2 >= bad["digits_covered"]
    assert good["digit_total_variation"] < 0.05
    assert good["nearest_train_ratio"] == pytest.approx(1, abs=0.5)
    memorised = comparison.measure(digits(200, 2)[:60], seed=1)
    assert memorised["nearest_train_ratio"] == 0


def test_a_model_is_measured_over_its_sampling_seeds(comparison: judge.Comparison) -> None:
    found = comparison.of_model(Generator())
    single = [comparison.measure(digits(60, 100 + seed), seed) for seed in (1, 2)]
    values = [s["frechet_distance"] for s in single]
    assert found["frechet_distance"] == pytest.approx(np.mean(values))
    assert found["frechet_distance_deviation"] == pytest.approx(np.std(values, ddof=1))
    assert set(found) == set(single[0]) | {f"{name}_deviation" for name in single[0]}
    one = judge.Comparison(
        Eyes(), digits(60, 1), digits(200, 2), BLOCK.model_copy(update={"seeds": [1]}), names(60)
    )
    assert one.of_model(Generator()) == single[0]


class Conditional:
    """Makes the digit that is asked for, or the next one; noisy, or always the same picture."""

    classes = 10

    def __init__(self, wrong: int = 0, same: bool = False) -> None:
        self.wrong, self.same = wrong, same
        self.asked: list[Array] = []

    def generate(self, count: int, seed: int, labels: Array) -> Array:
        self.asked.append(labels)
        brightness = ((labels + self.wrong) % 10 + 0.5) / 10
        images = np.broadcast_to(brightness[:, None, None, None], (count, 28, 28, 1))
        width = 0.0 if self.same else 0.3
        noise = np.random.default_rng(seed).uniform(-width, width, images.shape)
        return (images + noise).astype(np.float32)


def test_a_conditional_model_is_asked_for_every_digit(comparison: judge.Comparison) -> None:
    model = Conditional()
    found = comparison.of_model(model)
    assert [np.bincount(labels).tolist() for labels in model.asked] == [[6] * 10] * 2
    assert found["label_accuracy"] == 1
    assert found["label_accuracy_deviation"] == 0
    assert found["intra_class_distance"] == pytest.approx(1, abs=0.1)
    wrong = comparison.of_model(Conditional(wrong=1))
    assert wrong["label_accuracy"] == 0
    assert wrong["digits_covered"] == 10
    assert comparison.of_model(Conditional(same=True))["intra_class_distance"] == 0
    assert not {"label_accuracy", "intra_class_distance"} & set(comparison.of_model(Generator()))


def test_classes_of_the_real_digits_are_the_true_ones() -> None:
    """A judge that takes every zero for a one still has zeros to compare with."""

    class Blurry(Eyes):
        def outputs_of(self, images: Array) -> dict[str, Array]:
            outputs = super().outputs_of(images)
            named = np.maximum(outputs["probabilities"].argmax(axis=1), 1)
            return {**outputs, "probabilities": np.eye(10)[named]}

    comparison = judge.Comparison(Blurry(), digits(60, 1), digits(200, 2), BLOCK, names(60))
    found = comparison.of_model(Conditional())
    assert found["label_accuracy"] == pytest.approx(0.9)
    assert found["intra_class_distance"] == pytest.approx(1, abs=0.1)


def test_a_judge_that_sees_badly_is_refused() -> None:
    eyes, test, train = Eyes(), digits(20, 1), digits(200, 2)
    seen = eyes.outputs_of(test)["probabilities"].argmax(axis=1)
    exact = BLOCK.model_copy(update={"accuracy_floor": 1.0})
    judge.Comparison(eyes, test, train, exact, seen)
    wrong = (seen + (np.arange(20) < 5)) % 10
    with pytest.raises(BadInput, match=r"names 75.00% of the test digits, .* asks for 90.00%"):
        judge.Comparison(eyes, test, train, BLOCK, wrong)


class Blind(Eyes):
    """Sees the same, and names nothing."""

    def outputs_of(self, images: Array) -> dict[str, Array]:
        return {"features": super().outputs_of(images)["features"]}


def test_without_labels_all_but_the_digits_is_measured(comparison: judge.Comparison) -> None:
    found = comparison.measure(digits(60, 3), seed=1)
    rest = judge.Comparison(Blind(), digits(60, 1), digits(200, 2), BLOCK)
    digit_metrics = {"digits_covered", "digit_total_variation"}
    expected = {name: value for name, value in found.items() if name not in digit_metrics}
    assert len(expected) == len(found) - 2
    assert rest.measure(digits(60, 3), seed=1) == expected


def test_the_real_images_are_seen_once() -> None:
    seen = []

    class Counting(Eyes):
        def outputs_of(self, images: Array) -> dict[str, Array]:
            seen.append(len(images))
            return super().outputs_of(images)

    comparison = judge.Comparison(Counting(), digits(60, 1), digits(200, 2), BLOCK, names(60))
    for seed in (3, 4):
        comparison.measure(digits(50, seed), seed)
    assert seen == [60, 200, 50, 50]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    card = saving.Description("topologies/ensemble", ARGUMENTS, "mnist", {})
    saving.save(Ensemble(**ARGUMENTS), card, tmp_path)
    return tmp_path


def test_identity_is_that_of_the_weights(folder: Path) -> None:
    before = judge.identity(folder)
    assert before == judge.identity(folder)
    weights = folder / "model.weights.h5"
    weights.write_bytes(weights.read_bytes() + b" ")
    assert judge.identity(folder) != before
