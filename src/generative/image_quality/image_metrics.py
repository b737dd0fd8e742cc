"""The metrics of a set of images, or of a generator, against the real images of a data set."""

from collections.abc import Callable
from typing import Any

import numpy as np

from generative.core.errors import BadInput
from generative.core.uncertainty import STANDARD_ERROR, mean_with_error, with_jackknife_error
from generative.image_quality import distances
from generative.image_quality.extractors import FeatureExtractor, predict_digits
from generative.image_quality.gan_train import gan_train
from generative.image_quality.references import RealFeatures, References
from generative.image_quality.sharpness import gradient_energies

Array = np.ndarray


class ImageMetrics:
    """The image metrics of any number of sets of images.

    extractor: what the features of the images are computed by. real: features of the real images,
    by the same extractor; `BadInput` if they are another's. options: of the metrics.
    """

    def __init__(
        self, extractor: FeatureExtractor, real: RealFeatures, options: References
    ) -> None:
        if extractor.identity != real.extractor:
            raise BadInput(
                f"the real images were measured by the extractor {real.extractor}, this one is "
                f"{extractor.identity}: they do not compare; run dvc repro references"
            )
        self.extractor, self.real, self.options = extractor, real, options

    def measure(self, images: Array, seed: int, labels: Array | None = None) -> dict[str, float]:
        """The metrics of `images`, shaped as the real ones, and their standard errors: how far
        other images of one generator would be, or other real ones. `seed` draws subsets.

        labels: the classes that a conditional generator was given, int [N].
        """
        real, options, count = self.real, self.options, len(images)
        features = self.extractor.features(images)
        subsets = {"subsets": options.kernel_subsets, "subset_size": options.kernel_subset_size}
        samples = {
            "kernel_distance": distances.kernel_distances(
                real.test, features, **subsets, seed=seed
            ),
            **distances.neighbourhoods(real.test, features, neighbours=options.neighbours),
            "sharpness": gradient_energies(images) / real.gradient_energy,
        }
        ratios = distances.nearest_train_ratios(
            features, real.train, test_distance=real.nearest_distance
        )
        sets: dict[str, Callable[[Array], float]] = {
            "frechet_distance": lambda own: distances.frechet_distance(real.test, features[own]),
            "nearest_train_ratio": lambda own: float(np.median(ratios[own])),
        }
        metrics: dict[str, float] = {}
        predicted = real.predicted
        if predicted is not None:
            digits, of_real = predict_digits(self.extractor, images), (real.test, real.labels)
            metrics["digits_covered"] = distances.digits_covered(digits)
            sets["digit_total_variation"] = lambda own: distances.digit_total_variation(
                predicted, digits[own]
            )
            if labels is not None:
                samples["label_accuracy"] = digits == labels
                samples["gan_train_accuracy"] = gan_train(features, labels, *of_real)
                metrics["intra_class_distance"] = distances.intra_class_distance(
                    features, labels, *of_real
                )
        for name, values in samples.items():
            metrics |= mean_with_error(name, values)
        for name, metric in sets.items():
            metrics |= with_jackknife_error(name, metric, count)
        return metrics

    def of_generator(self, model: Any) -> dict[str, float]:
        """The metrics of as many generated images a seed as the floor's: mean, and deviation over
        seeds.

        A conditional generator is given all classes in turn.
        """
        runs = []
        for seed in self.options.seeds:
            count, controls = self.real.floor_count, {}
            if getattr(model, "classes", 0):
                controls["labels"] = np.arange(count) % model.classes
            images = model.generate(count, seed, **controls)
            runs.append(self.measure(images, seed, controls.get("labels")))
        metrics: dict[str, float] = {}
        for name in runs[0]:
            values = [run[name] for run in runs]
            if name.endswith(STANDARD_ERROR):  # of the mean
                metrics[name] = float(np.linalg.norm(values) / len(values))
                continue
            metrics[name] = float(np.mean(values))
            if len(values) > 1:
                metrics[f"{name}_deviation"] = float(np.std(values, ddof=1))
        return metrics
