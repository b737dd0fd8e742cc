"""The image metrics tell sets of known quality apart."""

import numpy as np
import pytest

from generative.image_quality.image_metrics import ImageMetrics
from generative.image_quality.known_cases import Cases, make_cases, measure_known_cases
from generative.image_quality.references import KnownCases, RealFeatures, References
from tests.support.images import Quarters, UnnamedQuarters, digits

CASES = KnownCases(seed=1, noise=0.1, blur_pixels=[0.5, 1.0], missing_digit=9, memorised=5)
OPTIONS = References(
    split="test",
    network="quarters",
    samples=100,
    seeds=[1],
    neighbours=3,
    kernel_subsets=3,
    kernel_subset_size=20,
    accuracy_floor=0.9,
    cases=CASES,
)
TRAIN, TEST = digits(400, 2), digits(100, 1)


@pytest.fixture(scope="module")
def measured() -> tuple[RealFeatures, Cases]:
    return measure_known_cases(Quarters(), TRAIN, TEST, OPTIONS)


def test_each_case_is_as_bad_as_its_name_says(measured: tuple[RealFeatures, Cases]) -> None:
    _, cases = measured
    assert next(iter(cases)) == "floor"
    floor = cases["floor"]
    assert floor["digits_covered"] == 10
    assert floor["nearest_train_ratio"] == pytest.approx(1, abs=0.3)
    assert cases["missing_digit"]["digits_covered"] == 9
    assert cases["memorised"]["nearest_train_ratio"] == pytest.approx(0, abs=1e-6)
    for name in ("missing_digit", "memorised", "pure_noise"):
        assert cases[name]["frechet_distance"] > 2 * floor["frechet_distance"], name
    assert cases["pure_noise"]["coverage"] < 0.2 < floor["coverage"]
    sharpness = [
        cases[name]["sharpness"] for name in ("blurred_1", "blurred_0.5", "floor", "half_noise")
    ]
    assert sharpness == sorted(sharpness)
    assert floor["sharpness"] == pytest.approx(1, abs=0.1)


def test_generators_are_compared_with_all_training_images(
    measured: tuple[RealFeatures, Cases],
) -> None:
    """Those that stand for generated ones are left out of the known cases only."""
    real, cases = measured
    assert len(real.train) == 400
    expected = RealFeatures.measure(Quarters(), TRAIN[0], TEST, None, 100)
    assert real.floor_count == 100
    np.testing.assert_array_equal(real.train, expected.train)
    assert real.nearest_distance == expected.nearest_distance
    order = np.random.default_rng(CASES.seed).permutation(400)
    held_out = ImageMetrics(Quarters(), real, OPTIONS).measure(TRAIN[0][order[:100]], CASES.seed)
    assert held_out["nearest_train_ratio"] == pytest.approx(0, abs=1e-6)
    assert held_out["frechet_distance"] == pytest.approx(cases["floor"]["frechet_distance"])


def test_without_cases_there_is_the_floor() -> None:
    options = OPTIONS.model_copy(update={"cases": None, "accuracy_floor": None})
    real, cases = measure_known_cases(UnnamedQuarters(), TRAIN, TEST, options)
    assert list(cases) == ["floor"]
    assert (len(real.train), real.floor_count) == (400, 100)
    assert 0 < cases["floor"]["nearest_train_ratio"] == pytest.approx(1, abs=0.3)
    assert "digits_covered" not in cases["floor"]


def test_the_images_of_the_cases() -> None:
    images, labels = digits(50, 3)
    images = np.clip(images, 0, 1)
    rest = digits(40, 4)[0]
    cases = make_cases(images, labels, rest, CASES)
    assert set(np.unique(cases["thresholded"])) == {0, 1}
    sets = (images, cases["blurred_0.5"], cases["blurred_1"])
    deviations = [subset.std(axis=(1, 2)).max() for subset in sets]
    assert deviations == sorted(deviations, reverse=True)
    assert np.abs(cases["noisy"] - images).mean() == pytest.approx(0.07, abs=0.03)
    assert len(cases["missing_digit"]) == 45
    memorised = {image.tobytes() for image in cases["memorised"]}
    assert memorised == {image.tobytes() for image in rest[:5]}
    assert cases["pure_noise"].shape == images.shape
    np.testing.assert_array_equal(cases["half_noise"][:25], images[:25])
    np.testing.assert_array_equal(cases["half_noise"][25:], cases["pure_noise"][25:])
