"""The image metrics of sets of known quality, so that the number of a generator can be placed."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter

from generative.image_quality.distances import nearest_train_distance
from generative.image_quality.extractors import FeatureExtractor
from generative.image_quality.image_metrics import ImageMetrics
from generative.image_quality.references import KnownCases, RealFeatures, References, Split

Array = np.ndarray
Cases = dict[str, dict[str, float]]


def measure_known_cases(
    extractor: FeatureExtractor, train: Split, test: Split, options: References
) -> tuple[RealFeatures, Cases]:
    """The features of the real images, and the image metrics of each known case by its name.

    "floor" is always among them: training images that are measured as if they were generated, the
    least that a generator can reach. The others are those of `options.cases`.
    """
    cases, (images, labels) = options.cases, train
    seed = cases.seed if cases else 0
    order = np.random.default_rng(seed).permutation(len(images))
    first, others = np.split(order, [min(options.samples, len(images) // 2)])
    real = RealFeatures.measure(extractor, images, test, options.accuracy_floor, len(first))
    # What stands for generated images must not be among those that could be memorised.
    rest = real.train[others]
    distance = nearest_train_distance(real.test, rest)
    metrics = ImageMetrics(extractor, replace(real, train=rest, nearest_distance=distance), options)
    sets = {"floor": images[first]}
    if cases:
        sets |= make_cases(images[first], labels[first], images[others], cases)
    of_floor = {"floor": labels[first]}
    return real, {n: metrics.measure(own, seed, of_floor.get(n)) for n, own in sets.items()}


def make_cases(
    held_out: Array, labels: Array, rest: Array, options: KnownCases
) -> dict[str, Array]:
    """Sets of images as good and as bad as their names say, made of real ones.

    held_out, labels: digits that stand for generated ones. rest: those that can be memorised.
    """
    generator = np.random.default_rng(options.seed)
    noise = generator.normal(0, options.noise, held_out.shape).astype(np.float32)
    pure_noise = generator.random(held_out.shape, dtype=np.float32)
    half = len(held_out) // 2
    return {
        "thresholded": (held_out >= 0.5).astype(np.float32),
        **{
            f"blurred_{pixels:g}": gaussian_filter(held_out, (0, pixels, pixels, 0))
            for pixels in options.blur_pixels
        },
        "noisy": np.clip(held_out + noise, 0, 1),
        "missing_digit": held_out[labels != options.missing_digit],
        "memorised": rest[generator.integers(0, options.memorised, len(held_out)) % len(rest)],
        "half_noise": np.concatenate([held_out[:half], pure_noise[half:]]),
        "pure_noise": pure_noise,
    }
