"""The metrics of a set of images, or of a generator, against the real images of a data set."""

from typing import Any

import numpy as np

from generative.core.errors import BadInput
from generative.image_quality import distances
from generative.image_quality.extractors import FeatureExtractor, predict_digits
from generative.image_quality.gan_train import gan_train_accuracy
from generative.image_quality.references import RealFeatures, References
from generative.image_quality.sharpness import gradient_energy

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
        """The metrics of `images`, shaped as the real ones; `seed` draws the kernel's subsets.

        labels: the classes that a conditional generator was given, int [N].
        """
        real, options = self.real, self.options
        features = self.extractor.features(images)
        metrics = {
            "frechet_distance": distances.frechet_distance(real.test, features),
            "kernel_distance": distances.kernel_distance(
                real.test,
                features,
                subsets=options.kernel_subsets,
                subset_size=options.kernel_subset_size,
                seed=seed,
            ),
            **distances.neighbourhoods(real.test, features, neighbours=options.neighbours),
            "sharpness": gradient_energy(images) / real.gradient_energy,
        }
        if real.predicted is not None:
            digits = predict_digits(self.extractor, images)
            variation = distances.digit_total_variation(real.predicted, digits)
            metrics["digits_covered"] = distances.digits_covered(digits)
            metrics["digit_total_variation"] = variation
            if labels is not None:
                metrics["label_accuracy"] = float((digits == labels).mean())
                of_real = (real.test, real.labels)
                metrics["gan_train_accuracy"] = gan_train_accuracy(features, labels, *of_real)
                metrics["intra_class_distance"] = distances.intra_class_distance(
                    features, labels, *of_real
                )
        metrics["nearest_train_ratio"] = distances.nearest_train_ratio(
            features, real.train, test_distance=real.nearest_distance
        )
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
            metrics[name] = float(np.mean(values))
            if len(values) > 1:
                metrics[f"{name}_deviation"] = float(np.std(values, ddof=1))
        return metrics
