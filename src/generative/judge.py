"""The judge of generated digits: the ensemble, and what is measured with its eyes."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from generative import saving
from generative.errors import BadInput
from generative.metrics import images as measures
from generative.params import EvaluateImages

Array = np.ndarray


def load(folder: Path, images: Array, labels: Array, floor: float) -> Any:
    """The trained ensemble in `folder`.

    Raises `BadInput` if it names fewer than `floor` of the test digits `images`: what it says of
    others would mean nothing.
    """
    judge = saving.load(folder)
    right = float((judge.probabilities(images).argmax(axis=1) == labels).mean())
    if right < floor:
        raise BadInput(
            f"{folder}: the judge names {right:.2%} of the test digits, evaluate.images."
            f"accuracy_floor asks for {floor:.2%}; train its members longer"
        )
    return judge


def identity(folder: Path) -> str:
    """The first digits of the md5 of a judge's files: numbers of two judges do not compare."""
    digest = hashlib.md5()
    for name in ("model.json", "model.weights.h5"):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:12]


class Comparison:
    """Real test digits, seen by the judge once, against any number of other sets of images.

    judge: has `outputs_of(images)`; test, train: real images [N, 28, 28, 1].
    """

    def __init__(self, judge: Any, test: Array, train: Array, block: EvaluateImages) -> None:
        self.judge, self.block = judge, block
        outputs = judge.outputs_of(test)
        self.test = outputs["features"]
        self.labels = outputs["probabilities"].argmax(axis=1)
        self.train = judge.features(train)

    def measure(self, images: Array, seed: int) -> dict[str, float]:
        """The image metrics of `images`, float32 [N, 28, 28, 1]; `seed` draws the subsets."""
        outputs = self.judge.outputs_of(images)
        features, labels = outputs["features"], outputs["probabilities"].argmax(axis=1)
        block = self.block
        return {
            "frechet_distance": measures.frechet_distance(self.test, features),
            "kernel_distance": measures.kernel_distance(
                self.test,
                features,
                subsets=block.kernel_subsets,
                subset_size=block.kernel_subset_size,
                seed=seed,
            ),
            **measures.neighbourhoods(self.test, features, neighbours=block.neighbours),
            "digits_covered": measures.digits_covered(labels),
            "digit_total_variation": measures.digit_total_variation(self.labels, labels),
            "nearest_train_ratio": measures.nearest_train_ratio(features, self.test, self.train),
        }

    def of_model(self, model: Any) -> dict[str, float]:
        """The image metrics of `block.samples` images a seed: mean, and deviation over seeds."""
        block = self.block
        rounds = [self.measure(model.generate(block.samples, seed), seed) for seed in block.seeds]
        result: dict[str, float] = {}
        for name in rounds[0]:
            values = [r[name] for r in rounds]
            result[name] = float(np.mean(values))
            if len(values) > 1:
                result[f"{name}_deviation"] = float(np.std(values, ddof=1))
        return result
