"""Metrics of two sets of images: against other formulas, and that they show what is wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from prdc import compute_prdc
from scipy.linalg import sqrtm
from scipy.spatial.distance import pdist
from sklearn.neighbors import NearestNeighbors

from generative.core.errors import BadInput
from generative.image_quality import distances

Array = np.ndarray
Measure = Callable[[Array, Array], Any]
WIDTH = 6


def kernel_distance(real: Array, fake: Array, **options: Any) -> float:
    return float(distances.kernel_distances(real, fake, **options).mean())


def neighbourhoods(real: Array, fake: Array, neighbours: int) -> dict[str, float]:
    found = distances.neighbourhoods(real, fake, neighbours=neighbours)
    return {name: float(values.mean()) for name, values in found.items()}


MEASURES: dict[str, Measure] = {
    "frechet": distances.frechet_distance,
    "kernel": lambda real, fake: kernel_distance(real, fake, subsets=3, subset_size=40, seed=1),
    "neighbourhoods": lambda real, fake: neighbourhoods(real, fake, neighbours=5),
}


def nearest_train_ratio(fake: Array, test: Array, train: Array) -> float:
    unit = distances.nearest_train_distance(test, train)
    ratios = distances.nearest_train_ratios(fake, train, test_distance=unit)
    return float(np.median(ratios))


def gaussian(count: int, seed: int, width: int = WIDTH) -> Array:
    return np.random.default_rng(seed).standard_normal((count, width))


def exactly(mean: Array, covariance: Array, seed: int) -> Array:
    """Samples that have this mean and covariance to the last digits."""
    samples = gaussian(200, seed, len(mean))
    samples -= samples.mean(axis=0)
    whiten = np.linalg.inv(np.linalg.cholesky(np.cov(samples.T)))
    return samples @ (np.linalg.cholesky(covariance) @ whiten).T + mean


def clusters(count: int, seed: int, classes: int = 10) -> tuple[Array, Array]:
    """Features and labels of `count` samples of each of the first classes, far from each other."""
    centres = np.random.default_rng(0).normal(0, 10, (10, 16))
    labels = np.repeat(np.arange(classes), count)
    return centres[labels] + gaussian(len(labels), seed, 16), labels


def test_frechet_distance_of_independent_features() -> None:
    deviations = np.array([[1.0, 2.0, 0.5], [3.0, 2.0, 0.1]])
    means = np.array([[0.0, 1.0, -2.0], [1.0, 1.0, 5.0]])
    samples = [exactly(means[i], np.diag(deviations[i] ** 2), seed=i) for i in range(2)]
    expected = ((means[0] - means[1]) ** 2 + (deviations[0] - deviations[1]) ** 2).sum()
    assert distances.frechet_distance(*samples) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_frechet_distance_of_correlated_features(seed: int) -> None:
    factors = np.random.default_rng(seed).normal(size=(2, WIDTH, WIDTH))
    covariances = factors @ factors.swapaxes(1, 2) + 0.1 * np.eye(WIDTH)
    means = gaussian(2, seed)
    samples = [exactly(m, c, seed) for m, c in zip(means, covariances, strict=True)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(covariances.sum(axis=0) - 2 * root)
    assert distances.frechet_distance(*samples) == pytest.approx(expected)


@pytest.mark.parametrize(("count", "width"), [(500, 1), (500, WIDTH), (20, 64)])
def test_frechet_distance_of_a_set_to_itself_is_nothing(count: int, width: int) -> None:
    for seed in range(5):
        samples = gaussian(count, seed, width)
        assert 0 <= distances.frechet_distance(samples, samples[::-1]) < 1e-5
        assert distances.frechet_distance(samples, samples + 1) == pytest.approx(width, abs=1e-5)


def test_frechet_distance_of_fewer_samples_than_features() -> None:
    """In a space with room for both, as in the smallest space that holds them."""
    real, fake = gaussian(10, 0, 40), gaussian(12, 1, 40) * 2
    basis = np.linalg.qr(np.concatenate([real, fake]).T)[0]
    narrow = distances.frechet_distance(real @ basis, fake @ basis)
    wide = distances.frechet_distance(
        np.pad(real, ((0, 0), (0, 60))), np.pad(fake, ((0, 0), (0, 60)))
    )
    product = sqrtm(np.cov(real.T) @ np.cov(fake.T) + 1e-12 * np.eye(40)).real
    traces = np.trace(np.cov(real.T) + np.cov(fake.T) - 2 * product)
    expected = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).sum() + traces
    assert wide == pytest.approx(narrow)
    assert wide == pytest.approx(expected, rel=1e-4)


def test_kernel_distance_is_the_sum_over_all_pairs() -> None:
    x, y = gaussian(15, 0), gaussian(15, 1) + 0.5

    def mean_kernel(a: Array, b: Array, *, but_itself: bool) -> float:
        pairs = [(i, j) for i in range(15) for j in range(15) if i != j or not but_itself]
        return float(np.mean([(a[i] @ b[j] / WIDTH + 1) ** 3 for i, j in pairs]))

    expected = mean_kernel(x, x, but_itself=True) + mean_kernel(y, y, but_itself=True)
    expected -= 2 * mean_kernel(x, y, but_itself=False)
    # A subset of all rows, or of more than there are, is everything.
    for size in (15, 1000):
        found = kernel_distance(x, y, subsets=2, subset_size=size, seed=0)
        assert found == pytest.approx(expected)


def test_kernel_distance_is_unbiased() -> None:
    """Around nothing for two samples of one distribution, whatever the subset size."""
    for size in (10, 50):
        found = [
            kernel_distance(
                gaussian(50, seed), gaussian(50, seed + 1000), subsets=5, subset_size=size, seed=0
            )
            for seed in range(300)
        ]
        assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))
        assert 0.2 < np.mean(np.array(found) > 0) < 0.8


def test_kernel_distance_draws_by_its_seed() -> None:
    def distance(seed: int) -> float:
        return kernel_distance(
            gaussian(100, 0), gaussian(90, 1), subsets=3, subset_size=20, seed=seed
        )

    assert distance(1) == distance(1)
    assert distance(1) != distance(2)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("reals", "fakes", "width", "neighbours"),
    [(7, 7, 1, 1), (50, 30, 2, 3), (30, 80, 8, 5), (300, 200, 16, 5), (12, 12, 4, 10)],
)
def test_neighbourhoods_are_prdcs(
    reals: int, fakes: int, width: int, neighbours: int, seed: int
) -> None:
    real, fake = gaussian(reals, seed, width), gaussian(fakes, seed + 10, width) * 0.7 + 0.3
    found = neighbourhoods(real, fake, neighbours=neighbours)
    assert found == pytest.approx(compute_prdc(real, fake, neighbours))


def test_neighbourhoods_of_three_points() -> None:
    """The balls of 0, 1, 3 reach 1, 1, 2; those of 0.5, 2.5, 9 reach 2, 2, 6.5."""
    real, fake = np.array([[0.0], [1.0], [3.0]]), np.array([[0.5], [2.5], [9.0]])
    found = neighbourhoods(real, fake, neighbours=1)
    assert found == pytest.approx({"precision": 2 / 3, "recall": 1, "density": 1, "coverage": 1})


@pytest.mark.parametrize("seed", range(3))
def test_nearest_train_ratio_is_sklearns(seed: int) -> None:
    fake, test, train = gaussian(60, seed) * 2, gaussian(41, seed + 10), gaussian(300, seed + 20)
    nearest = NearestNeighbors(n_neighbors=1, algorithm="kd_tree").fit(train)
    fakes, tests = (np.median(nearest.kneighbors(x)[0]) for x in (fake, test))
    assert nearest_train_ratio(fake, test, train) == pytest.approx(fakes / tests)


@pytest.mark.parametrize("piece", [1, 1000, 4999])
def test_the_size_of_pieces_changes_nothing(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake, train = gaussian(70, 0), gaussian(90, 1) + 0.2, gaussian(110, 2)

    def everything() -> list[float]:
        return [
            MEASURES["kernel"](real, fake),
            *MEASURES["neighbourhoods"](real, fake).values(),
            nearest_train_ratio(fake, real, train),
            distances.intra_class_distance(fake, np.arange(90) % 2, real, np.arange(70) % 2),
        ]

    expected = everything()
    monkeypatch.setattr(distances, "PIECE", piece)
    assert everything() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_features_of_any_float_type_are_computed_with_in_float64(
    measure: str, kind: type[np.floating]
) -> None:
    real, fake = gaussian(100, 0).astype(kind), gaussian(100, 1).astype(kind)
    expected = MEASURES[measure](real.astype(np.float64), fake.astype(np.float64))
    assert MEASURES[measure](real, fake) == expected


def test_noise_is_far() -> None:
    (real, _), (fresh, _) = clusters(40, 1), clusters(40, 2)
    noise = np.random.default_rng(3).normal(15, 10, real.shape)
    assert distances.frechet_distance(real, noise) > 100 * distances.frechet_distance(real, fresh)
    assert MEASURES["kernel"](real, noise) > 100 * abs(MEASURES["kernel"](real, fresh))
    good, bad = (MEASURES["neighbourhoods"](real, fake) for fake in (fresh, noise))
    assert min(good.values()) > 0.7
    assert max(bad["precision"], bad["density"], bad["coverage"]) < 0.05


def test_a_missing_cluster_is_missed() -> None:
    (real, real_labels), (fresh, _), (nine, nine_labels) = (
        clusters(100, 1),
        clusters(100, 2),
        clusters(100, 3, classes=9),
    )
    whole, less = (MEASURES["neighbourhoods"](real, fake) for fake in (fresh, nine))
    assert less["coverage"] == pytest.approx(0.9 * whole["coverage"], abs=0.03)
    assert less["precision"] == pytest.approx(whole["precision"], abs=0.05)
    assert distances.frechet_distance(real, nine) > 5 * distances.frechet_distance(real, fresh)
    assert distances.digits_covered(real_labels) == 10
    assert distances.digits_covered(nine_labels) == 9
    assert distances.digit_total_variation(real_labels, nine_labels) == pytest.approx(0.1)


def test_memorised_samples_are_near_the_training_set() -> None:
    (train, _), (test, _), (fresh, _) = clusters(100, 1), clusters(30, 2), clusters(30, 3)
    copies = train[::3]
    assert nearest_train_ratio(copies, test, train) == 0
    # Closer than the rounding of |x|^2 + |y|^2 - 2 x.y can tell.
    one, two = (nearest_train_ratio(copies + i * 1e-9, test, train) for i in (1, 2))
    assert 0 < 2 * one == pytest.approx(two, rel=1e-4)
    nearly = copies + 0.01 * gaussian(len(copies), 4, 16)
    assert nearest_train_ratio(nearly, test, train) < 0.05
    assert nearest_train_ratio(fresh, test, train) == pytest.approx(1, abs=0.05)
    assert nearest_train_ratio(fresh * 3, test, train) > 3


def test_intra_class_distance_of_few_points() -> None:
    """Real distances: 2 in class 0; 3, 3 and 6 in class 5. Fake: 1, 1 and 2; none."""
    real, real_labels = np.array([[0.0], [2], [10], [13], [16]]), np.array([0, 0, 5, 5, 5])
    fake, labels = np.array([[7.0], [4], [8], [9], [4]]), np.array([0, 5, 0, 0, 5])
    found = distances.intra_class_distance(fake, labels, real, real_labels)
    assert found == pytest.approx((4 / 3 + 0) / (2 + 4))


def test_intra_class_distance_is_scipys() -> None:
    (real, real_labels), (fake, labels) = clusters(40, 1, 4), clusters(60, 2, 4)
    fake, labels = (fake * 0.7)[7:] + 1e5, labels[7:]  # not the same number of each class

    def mean(features: Array, classes: Array) -> float:
        return float(np.mean([pdist(features[classes == c]).mean() for c in range(4)]))

    expected = mean(fake, labels) / mean(real, real_labels)
    assert distances.intra_class_distance(fake, labels, real, real_labels) == pytest.approx(
        expected
    )


def test_intra_class_distance_of_one_picture_a_class_is_nothing() -> None:
    (real, labels), (fresh, _) = clusters(40, 1), clusters(40, 2)
    # Far from zero, where the rounding of a distance to a copy would not be nothing.
    copies = real[::40][labels] + 12345.678
    assert distances.intra_class_distance(copies, labels, real, labels) < 1e-10
    varied = distances.intra_class_distance(fresh, labels, real, labels)
    assert varied == pytest.approx(1, abs=0.05)
    mixed = distances.intra_class_distance(fresh, np.roll(labels, 20), real, labels)
    assert mixed > 1.5 * varied


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(20) % 3, r"same classes: the real ones \[0, 1\] but the fake ones \[0, 1, 2\]$"),
        (np.arange(20) == 0, r"^20 fake samples need .* as labels; got bool of the shape \(20,\)$"),
        (np.arange(19) % 2, r"^20 fake samples need .*; got int64 of the shape \(19,\)$"),
        ((np.arange(20) == 3) + 0, r"^one fake sample of class 1: at least 2"),
    ],
)
def test_classes_that_do_not_compare_are_refused(labels: Array, message: str) -> None:
    real, real_labels = gaussian(30, 0), np.arange(30) % 2
    with pytest.raises(BadInput, match=message):
        distances.intra_class_distance(gaussian(20, 1), labels, real, real_labels)
    with pytest.raises(BadInput, match="the same features: nothing to compare to"):
        distances.intra_class_distance(
            real, real_labels, real_labels[:, np.newaxis] + np.zeros((30, WIDTH)), real_labels
        )


def test_a_class_counts_from_its_share_on() -> None:
    labels = np.repeat([0, 1, 2], [7, 6, 87])
    assert distances.digits_covered(labels, share=0.07) == 2
    assert distances.digits_covered(labels, classes=3, share=0.06) == 3
    assert distances.digits_covered(labels, share=0.0) == 10


def test_total_variation_from_nothing_to_everything() -> None:
    evens, odds = np.array([0, 2, 4, 4]), np.array([1, 3])
    assert distances.digit_total_variation(evens, np.tile(evens, 3)) == 0
    assert distances.digit_total_variation(evens, odds) == 1
    assert distances.digit_total_variation(evens, evens[:3]) == pytest.approx(1 / 6)


def spoilt(value: float) -> Array:
    samples = gaussian(20, 0)
    samples[[3, 7], 1] = value
    return samples


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (gaussian(20, 0)[0], gaussian(20, 0), r"^real features have the shape \(6,\), not \(samp"),
        (gaussian(20, 0), np.zeros((20, 2, 3)), r"^fake features have the shape \(20, 2, 3\)"),
        (gaussian(20, 0), gaussian(20, 0, 4), r"^6 real features but 4 fake features a sample; "),
        (spoilt(np.nan), gaussian(20, 0), r"^2 of 20 real samples have features that are not fin"),
        (gaussian(20, 0), spoilt(np.inf), r"^2 of 20 fake samples have features that are not fin"),
        (gaussian(1, 0), gaussian(20, 0), r"^1 real samples where at least \d are needed; take m"),
        (gaussian(20, 0), gaussian(0, 0), r"^0 fake samples where at least \d are needed; take m"),
        (gaussian(20, 0), np.full((9, 6), 0.1), r"^all of 9 fake samples have the same f"),
    ],
)
def test_features_that_say_nothing_are_refused(
    measure: str, real: Array, fake: Array, message: str
) -> None:
    with pytest.raises(BadInput, match=message) as refused:
        MEASURES[measure](real, fake)
    assert "\n" not in str(refused.value)


def test_one_sample_more_than_neighbours_is_enough() -> None:
    five, six = gaussian(5, 0), gaussian(6, 1)
    assert neighbourhoods(six, six, neighbours=5)["coverage"] == 1
    with pytest.raises(BadInput, match="5 fake .* at least 6 .* more samples or fewer neighbours"):
        neighbourhoods(six, five, neighbours=5)


@pytest.mark.parametrize("name", ["fake", "test", "train"])
def test_nearest_train_ratio_names_the_set_that_is_wrong(name: str) -> None:
    sets = {n: gaussian(20, seed) for seed, n in enumerate(("fake", "test", "train"))}
    with pytest.raises(BadInput, match=f"2 of 20 {name} samples"):
        nearest_train_ratio(**{**sets, name: spoilt(np.nan)})


def test_test_samples_that_were_trained_on_are_refused() -> None:
    """Far from zero, where the rounding of a distance to a copy would not be nothing."""
    train = gaussian(100, 0) * 1000 + 12345.678
    with pytest.raises(BadInput, match="keep the test images out of the training images"):
        nearest_train_ratio(gaussian(20, 1), train[:20], train)


@pytest.mark.parametrize(
    ("labels", "got"),
    [
        ([], r"float64 of the shape \(0,\)$"),
        ([0.5], "float64"),
        (np.eye(3, dtype=int), r"int64 of the shape \(3, 3\)$"),
        ([3, 10], r"from 3 to 10$"),
        ([-1, 3], r"from -1 to 3$"),
    ],
)
def test_labels_that_are_none_are_refused(labels: Any, got: str) -> None:
    with pytest.raises(BadInput, match=f"whole numbers from 0 to 9.*{got}"):
        distances.digits_covered(labels)
    with pytest.raises(BadInput, match=got):
        distances.digit_total_variation(np.array([1]), labels)
