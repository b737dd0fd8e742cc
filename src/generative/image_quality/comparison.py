"""The judge of generated images, and what is measured with its eyes.

Of digits it is the ensemble, of coloured pictures `perceptual.Eyes`.
"""

import hashlib
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from generative.image_quality.schema import EvaluateImages
from generative.image_quality.schema import EvaluatePictures
from generative.core.errors import BadInput
from generative.image_quality import distances as measures

Array = np.ndarray


class Judge(Protocol):
    """What sees images, in pieces small enough for any number of them."""

    def outputs_of(self, images: Array) -> dict[str, Array]:
        """ "features" [N, D] and, of a judge that names digits, "probabilities" [N, 10]."""

    def features(self, images: Array) -> Array:
        """The features alone."""


def identity(folder: Path) -> str:
    """The first digits of the md5 of a judge's files: numbers of two judges do not compare."""
    digest = hashlib.md5()
    for name in ("model.json", "model.weights.h5"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:12]


class Comparison:
    """Real test images, seen by the judge once, against any number of other sets of images.

    test, train: real images [N, height, width, channels].
    labels: the test digits' true names, uint8 [N], for a judge that names digits; what it calls
    the generated ones is then measured too.

    Raises `BadInput` if the judge names fewer than `accuracy_floor` of the test digits: what it
    says of others would mean nothing.
    """

    def __init__(
        self,
        judge: Judge,
        test: Array,
        train: Array,
        block: EvaluatePictures,
        labels: Array | None = None,
    ) -> None:
        self.judge, self.block = judge, block
        outputs = judge.outputs_of(test)
        self.test = outputs["features"]
        self.labels = None
        if labels is not None and isinstance(block, EvaluateImages):
            self.true, self.labels = labels, outputs["probabilities"].argmax(axis=1)
            _check_sight(self.labels, labels, block.accuracy_floor)
        self.train = judge.features(train)
        self.test_distance = measures.nearest_train_distance(self.test, self.train)

    def measure(self, images: Array, seed: int, asked: Array | None = None) -> dict[str, float]:
        """The image metrics of `images`, shaped as the real ones; `seed` draws the subsets.

        asked: the digits that were asked for, int [N], of a model that is told.
        """
        outputs, block = self.judge.outputs_of(images), self.block
        features = outputs["features"]
        found = {
            "frechet_distance": measures.frechet_distance(self.test, features),
            "kernel_distance": measures.kernel_distance(
                self.test,
                features,
                subsets=block.kernel_subsets,
                subset_size=block.kernel_subset_size,
                seed=seed,
            ),
            **measures.neighbourhoods(self.test, features, neighbours=block.neighbours),
        }
        if self.labels is not None:
            labels = outputs["probabilities"].argmax(axis=1)
            found["digits_covered"] = measures.digits_covered(labels)
            found["digit_total_variation"] = measures.digit_total_variation(self.labels, labels)
            if asked is not None:
                found["label_accuracy"] = float((labels == asked).mean())
                found["intra_class_distance"] = measures.intra_class_distance(
                    features, asked, self.test, self.true
                )
        found["nearest_train_ratio"] = measures.nearest_train_ratio(
            features, self.train, test_distance=self.test_distance
        )
        return found

    def of_model(self, model: Any) -> dict[str, float]:
        """The image metrics of `block.samples` images a seed: mean, and deviation over seeds."""
        rounds = []
        for seed in self.block.seeds:
            count, controls = self.block.samples, {}
            if getattr(model, "classes", 0):
                controls["labels"] = np.arange(count) % model.classes
            images = model.generate(count, seed, **controls)
            rounds.append(self.measure(images, seed, controls.get("labels")))
        result: dict[str, float] = {}
        for name in rounds[0]:
            values = [r[name] for r in rounds]
            result[name] = float(np.mean(values))
            if len(values) > 1:
                result[f"{name}_deviation"] = float(np.std(values, ddof=1))
        return result


def _check_sight(named: Array, labels: Array, floor: float) -> None:
    """Refuse a judge that calls fewer than `floor` of the test digits by their names."""
    right = float((named == labels).mean())
    if right < floor:
        raise BadInput(
            f"the judge names {right:.2%} of the test digits, evaluate.images.accuracy_floor asks "
            f"for {floor:.2%}; train the members of the ensemble longer"
        )
