"""The judge: one network that names digits and one that gives their features, made of trained
classifiers.

Both are functional models of Keras' own layers, so a program that loads their JSON and weights
imports no classifier.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal

import keras
import numpy as np
from keras import layers
from pydantic import Field

from generative.classifiers.base.classifier import Classifier
from generative.core.errors import unknown
from generative.core.folders import write_checksums
from generative.core.params import Different, Schema
from generative.datasets.base.dataset import Prepared

# In the fit of the weights no probability is below this: its log would be -infinity.
LEAST_PROBABILITY = 1e-7
# Of the layers of `digits` whose scales are the weights of the members.
WEIGHT_SUFFIX = "_weight"

Tensor = Any
Array = np.ndarray


class JudgeOptions(Schema):
    """The section `judge`: the classifiers whose probabilities are averaged, and the one whose
    features are taken. Those saw blurred digits in training, so that they name such digits right;
    this one did not, so that blur is a distance.

    weights: of the average, `fitted` on the validation split, or equal ones: the plain `mean`
        (both in Chollet, 2017, section 7.3.3).
    """

    members: Annotated[list[str], Field(min_length=1), Different]
    weights: Literal["fitted", "mean"]
    features: str

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        trained = document.get("train") or {}
        known = [key for key, own in trained.items() if own.get("family") == "classifiers"]
        for member in self.members:
            if member not in known:
                yield f"{name}.members: {unknown('classifier', member, known)}"
        if self.features not in known:
            yield f"{name}.features: {unknown('classifier', self.features, known)}"


@dataclass(frozen=True)
class Judge:
    """Two networks of float32 images [batch, 28, 28, 1] in [0, 1].

    digits: to p(digit | image) = sum_k w_k p_k(digit | image), [batch, 10].
    features: to another classifier's features, with mean 0 and deviation 1 over the training
        digits, [batch, width].
    weights: w_k by the member's name.
    """

    digits: keras.Model
    features: keras.Model
    weights: dict[str, float]

    def save(self, folder: Path) -> None:
        """Write `<name>.json`, `<name>.weights.h5` of both networks and the md5 to `folder`."""
        for name, network in (("digits", self.digits), ("features", self.features)):
            text = network.to_json(indent=2)
            (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
            network.save_weights(folder / f"{name}.weights.h5")
        write_checksums(folder)


def build_judge(
    members: Mapping[str, Classifier],
    features: Classifier,
    data: Prepared,
    weighting: Literal["fitted", "mean"],
) -> Judge:
    """The judge of trained classifiers: `members` by name, and the one whose features are taken.

    The weights are equal or fitted on the validation split of `data`, the scale of the features is
    fitted on the training split.
    """
    images, labels = data.load("validation")
    weights = dict.fromkeys(members, 1 / len(members))
    if weighting == "fitted":
        probabilities = np.stack([member.probabilities(images) for member in members.values()])
        weights = dict(zip(members, mixture_weights(probabilities, labels).tolist(), strict=True))
    train, _ = data.load("train")

    symbolic = keras.Input(images.shape[1:], name="images")
    softmax = {
        name: layers.Softmax(name=f"{name}_probabilities")(
            inference_outputs(name, own, symbolic)["logits"]
        )
        for name, own in members.items()
    }
    weighted = [
        layers.Rescaling(weights[name], name=name + WEIGHT_SUFFIX)(own)
        for name, own in softmax.items()
    ]
    # Add takes two or more.
    total = layers.Add(name="probabilities")(weighted) if len(weighted) > 1 else weighted[0]
    scale = standardisation(features.outputs_of(train)["features"])
    own = inference_outputs("features", features, symbolic)["features"]
    return Judge(
        keras.Model(symbolic, total, name="digits"),
        keras.Model(symbolic, scale(own), name="features"),
        weights,
    )


def inference_outputs(name: str, member: Classifier, images: Tensor) -> dict[str, Tensor]:
    """Features and logits of the symbolic `images` by copies of the layers of `member`, with its
    weights; what is of use in training only is left out.

    The copies are called by the member's `name` and their number: Keras' own names count the layers
    of the process.
    """
    pairs: list[tuple[keras.Layer, keras.Layer]] = []

    def copy(layer: keras.Layer) -> Callable[..., Tensor]:
        if isinstance(layer, layers.Dropout):
            return lambda x, **_: x
        if isinstance(layer, keras.Sequential):
            copies = [copy(inner) for inner in layer.layers]
            return lambda x, **_: reduce(lambda value, inner: inner(value), copies, x)
        kind = type(layer)
        own_name = f"{name}_{len(pairs):02}_{kind.__name__.lower()}"
        pairs.append((layer, kind.from_config({**layer.get_config(), "name": own_name})))
        return pairs[-1][1]

    network = keras.Model(member.unaugmented, member.output)
    outputs: dict[str, Tensor]
    outputs = keras.models.clone_model(network, images, clone_function=copy).output
    for original, copied in pairs:
        copied.set_weights(original.get_weights())
    return outputs


def standardisation(features: Array) -> layers.Normalization:
    """The layer that gives `features` [N, width] mean 0 and deviation 1; one that never varies
    stays 0."""
    deviation = features.std(axis=0)
    variance = np.where(deviation > 0, deviation, 1) ** 2
    return layers.Normalization(
        mean=features.mean(axis=0), variance=variance, name="standardised_features"
    )


def mixture_weights(probabilities: Array, labels: Array, iterations: int = 1000) -> Array:
    """Weights, positive and summing to 1, that make the labels most probable: float64 [members].

    probabilities: [members, N, classes]. Expectation maximisation of a mixture whose components are
    fixed: the likelihood is concave in the weights and rises with every iteration.
    """
    of_label = probabilities[:, np.arange(len(labels)), labels].astype(np.float64)
    of_label = np.maximum(of_label, LEAST_PROBABILITY)
    weights = np.full(len(of_label), 1 / len(of_label))
    for _ in range(iterations):
        responsibility = weights[:, np.newaxis] * of_label
        weights = (responsibility / responsibility.sum(axis=0)).mean(axis=1)
    return weights
