"""What generated images are compared with: the features of the real images of a data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from generative.core.errors import BadInput
from generative.core.folders import whole, write_checksums
from generative.core.params import Count, Different, Schema, Seed
from generative.image_quality.distances import nearest_train_distance
from generative.image_quality.extractors import FeatureExtractor, predict_digits
from generative.image_quality.sharpness import gradient_energies

FILE = "features.npz"

Array = np.ndarray
Split = tuple[Array, Array]  # images [N, height, width, channels] in [0, 1], labels [N]


class KnownCases(Schema):
    """The sets of digits that the image metrics are tried on.

    seed: of all that is random in them. noise: deviation of the noise on grey levels.
    blur_pixels: deviations of the Gaussian. missing_digit: the one that is left out.
    memorised: how many training images are repeated.
    """

    seed: Seed
    noise: Annotated[float, Field(gt=0)]
    blur_pixels: Annotated[list[Annotated[float, Field(gt=0)]], Different]
    missing_digit: Annotated[int, Field(ge=0, le=9)]
    memorised: Count


class References(Schema):
    """How the images of a data set are compared with others: the section `references.<dataset>`.

    split: of the real images; validation while options are chosen, for the test images are for
    what was chosen. network: folder of the feature extractor. samples: images of a generator, for
    each of `seeds`, and training images of the floor; half of these at most, then fewer of a
    generator too.
    neighbours: of the balls of precision, recall, density and coverage.
    kernel_subsets, kernel_subset_size: of the kernel distance.
    accuracy_floor: the share of the test digits that the extractor must name right; left out where
    it names no digits. cases: known cases beside the floor; only of digits.
    """

    split: Literal["test", "validation"]
    network: Annotated[str, Field(min_length=1)]
    samples: Annotated[int, Field(ge=2)]
    seeds: Annotated[list[Seed], Field(min_length=1), Different]
    neighbours: Count
    kernel_subsets: Count
    kernel_subset_size: Annotated[int, Field(ge=2)]
    accuracy_floor: Annotated[float, Field(ge=0, le=1)] | None = None
    cases: KnownCases | None = None

    @property
    def names_digits(self) -> bool:
        """Whether the extractor names digits, which are then measured too."""
        return self.accuracy_floor is not None


@dataclass(frozen=True)
class RealFeatures:
    """The features of the real images of a data set, computed once for all that is compared.

    test, train: features of the images of `References.split` and of the training images, float32
        [N, D] and [M, D].
    labels: true labels of the former, int [N].
    predicted: labels that the extractor gives them, int [N]; None if it names none.
    nearest_distance: median distance of a test image to the nearest training image.
    floor_count: training images that the floor was measured of; as many are generated.
    gradient_energy: of the test images.
    extractor: identity of the feature extractor.
    """

    test: Array
    train: Array
    labels: Array
    predicted: Array | None
    nearest_distance: float
    gradient_energy: float
    floor_count: int
    extractor: str

    @classmethod
    def measure(
        cls,
        extractor: FeatureExtractor,
        train: Array,
        test: Split,
        accuracy_floor: float | None,
        floor_count: int,
    ) -> "RealFeatures":
        """The features of the training images and of the test images with their labels.

        accuracy_floor: without it no digits are named. Raises `BadInput` if the extractor names
        fewer of the test digits: what it measures of others would mean nothing.
        """
        images, labels = test
        predicted = None
        if accuracy_floor is not None:
            predicted = predict_digits(extractor, images)
            accuracy = float((predicted == labels).mean())
            if accuracy < accuracy_floor:
                raise BadInput(
                    f"the judge names {accuracy:.2%} of the test digits, accuracy_floor asks for "
                    f"{accuracy_floor:.2%}; train the judge's members longer"
                )
        test_features, train_features = extractor.features(images), extractor.features(train)
        return cls(
            test=test_features,
            train=train_features,
            labels=labels,
            predicted=predicted,
            nearest_distance=nearest_train_distance(test_features, train_features),
            gradient_energy=float(gradient_energies(images).mean()),
            floor_count=floor_count,
            extractor=extractor.identity,
        )

    def save(self, folder: Path) -> None:
        """Write them into `folder`, the same bytes for equal features."""
        values: dict[str, Any] = {n: value for n, value in vars(self).items() if value is not None}
        np.savez(folder / FILE, **values)
        write_checksums(folder)

    @classmethod
    def load(cls, folder: Path) -> "RealFeatures":
        """What `save` wrote; `BadInput` if it is missing or damaged."""
        with np.load(whole(folder / FILE, "dvc repro references")) as found:
            values: dict[str, Any] = dict(found)
        for name in ("nearest_distance", "gradient_energy"):
            values[name] = float(values[name])
        values["floor_count"] = int(values["floor_count"])
        values["extractor"] = str(values["extractor"])
        return cls(**{"predicted": None, **values})
