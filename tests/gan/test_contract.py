"""What every GAN promises of the terms of its losses."""

import inspect
from typing import Any, NamedTuple
from unittest import mock

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core import members
from generative.gan.acgan import ACGAN
from generative.gan.base import trainer
from generative.gan.base.trainer import BaseGAN
from generative.gan.gan import GAN
from generative.gan.infogan import InfoGAN
from generative.gan.stackedgan import StackedGAN
from generative.training import losses
from tests.support.gan import INFOGAN, OPTIONS, STACKEDGAN
from tests.support.slow import unless_quick

IMAGES = tf.constant(np.random.default_rng(0).random((6, 28, 28, 1)), tf.float32)
DATA = (IMAGES, tf.range(6))
SMALL = {
    "latent_size": 5,
    "latent": "normal",
    "generator_width": 2,
    "discriminator_width": 2,
    "dropout": 0.0,
}
# Of each network its weights, and the other arguments.
MEMBERS: dict[str, tuple[type[BaseGAN], tuple[str, ...], dict[str, Any]]] = {
    "gan": (
        GAN,
        ("r1_weight", "gradient_penalty_weight"),
        {**OPTIONS, **SMALL, "architecture": "one_logit"},
    ),
    "acgan": (
        ACGAN,
        ("classification_weight",),
        {**OPTIONS, **SMALL, "hidden_activation": "relu"},
    ),
    "infogan": (InfoGAN, ("category_weight", "code_weight", "agreement_weight"), INFOGAN),
    "infogan of Atienza": (
        InfoGAN,
        ("category_weight", "code_weight"),
        {
            **INFOGAN,
            "architecture": "atienza2018",
            "information": "atienza2018",
            "recovery": "all",
        },
    ),
    "stackedgan": (
        StackedGAN,
        (
            "r1_weight",
            "conditional_weight",
            "entropy_weight",
            "feature_entropy_weight",
        ),
        {**STACKEDGAN, "architecture": "atienza2018", "recovery": "all"},
    ),
}
# The others trace long: they are of the slow tests.
QUICK = ("gan", "acgan")


class Step(NamedTuple):
    """The metrics of a training step, what was minimised, and the weights of its terms."""

    metrics: dict[str, float]
    totals: list[float]
    weights: set[float | None]


def first_step(member: str, first_weight: float) -> Step:
    """From equal weights of the networks; those of the terms are `first_weight` and the numbers
    after it."""
    network, names, arguments = MEMBERS[member]
    keras.utils.set_random_seed(1)
    model = network(**{**arguments, **{n: first_weight + i for i, n in enumerate(names)}})
    model.compile()
    totals: list[Any] = []
    weights: set[float | None] = set()

    def total(terms: dict[str, losses.Term]) -> Any:
        own = {term.weight for term in terms.values()}
        weights.update(own)
        if own == {None}:  # the generator's of a plain GAN
            return losses.total(terms)
        totals.append(losses.total(terms))
        return totals[-1]

    @tf.function
    def train() -> tuple[dict[str, Any], list[Any]]:
        totals.clear()  # TensorFlow may trace twice
        return model.train_step(DATA), totals

    with mock.patch.object(trainer, "total", total):
        metrics, found = train()
    # The size of the gradient is that of what is minimised.
    del metrics["gradient_norm"]
    return Step(
        {name: float(value) for name, value in metrics.items()}, list(map(float, found)), weights
    )


@pytest.mark.parametrize("member", unless_quick(MEMBERS, QUICK))
def test_terms_are_reported_without_their_weights(member: str) -> None:
    one, other = first_step(member, 0.5), first_step(member, 1.25)
    assert one.metrics == pytest.approx(other.metrics, rel=1e-5)
    for a, b in zip(one.totals, other.totals, strict=True):
        assert a != pytest.approx(b, rel=1e-5)
    for step, first in ((one, 0.5), (other, 1.25)):
        assert step.weights - {None} == {first + i for i in range(len(MEMBERS[member][1]))}


def test_every_weight_is_asked() -> None:
    paths = [path for path in members.networks() if path.startswith("gan/")]
    own = {name for path in paths for name in inspect.signature(members.network(path)).parameters}
    named = {name for name in {*own, *trainer.Options.__annotations__} if name.endswith("_weight")}
    assert named == {name for _, names, _ in MEMBERS.values() for name in names}
