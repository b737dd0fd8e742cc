"""The judge: its weights, its two networks, and its files."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.metrics import log_loss

from generative.classifiers.base.classifier import outputs_of
from generative.classifiers.judge import Judge, JudgeOptions, build_judge, mixture_weights
from generative.core import params
from generative.core.errors import BadInput
from generative.core.folders import CHECKSUMS
from generative.datasets.base.dataset import Prepared
from tests.support.classifiers import SMALL
from tests.support.classifiers import build_classifier as build

FILES = ("digits.json", "digits.weights.h5", "features.json", "features.weights.h5")


@pytest.fixture(scope="module")
def data(prepared_mnist: Path) -> Prepared:
    return Prepared("mnist", {"binarization": "none", "binarization_seed": 1}, prepared_mnist)


def members() -> dict[str, Any]:
    """A small classifier of each network, trained a little so that batch statistics differ."""
    models = {name: build(name, **own) for name, own in SMALL.items()}
    generator = np.random.default_rng(0)
    for model in models.values():
        model.set_weights([w + generator.random(w.shape) / 5 for w in model.get_weights()])
    return models


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return members()


@pytest.fixture(scope="module")
def judge(models: dict[str, Any], data: Prepared) -> Judge:
    return build_judge(models, models["residual"], data, "fitted")


def load(folder: Path, name: str) -> keras.Model:
    """As whoever imports no classifier does it."""
    network = keras.models.model_from_json((folder / f"{name}.json").read_text())
    network.load_weights(folder / f"{name}.weights.h5")
    return network


def guesses(sharpness: list[float], count: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Classifiers of three classes that know the label the better the sharper they are."""
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 3, count)
    logits = generator.normal(size=(len(sharpness), count, 3))
    logits[:, np.arange(count), labels] += np.array(sharpness)[:, np.newaxis]
    exponentials = np.exp(logits)
    return exponentials / exponentials.sum(axis=-1, keepdims=True), labels


def test_weights_are_the_most_likely_ones() -> None:
    probabilities, labels = guesses([2.0, 1.5, 0.0])
    weights = mixture_weights(probabilities, labels)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()

    def cost(logits: np.ndarray) -> float:
        softmax = np.exp(logits) / np.exp(logits).sum()
        return float(log_loss(labels, np.tensordot(softmax, probabilities, axes=1)))

    best = minimize(cost, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-6}).fun
    found = log_loss(labels, np.tensordot(weights, probabilities, axes=1))
    assert found <= best + 1e-5
    assert found < min(log_loss(labels, p) for p in probabilities)


def test_a_member_that_is_sure_and_wrong_costs_no_infinity() -> None:
    probabilities = np.array([[[0.0, 1.0]], [[0.6, 0.4]]])
    assert mixture_weights(probabilities, np.array([0])) == pytest.approx([0, 1], abs=1e-3)


def test_probabilities_are_the_weighted_mean(
    judge: Judge, models: dict[str, Any], data: Prepared
) -> None:
    images, _ = data.load("test")
    own = np.stack([member.probabilities(images) for member in models.values()])
    assert sum(judge.weights.values()) == pytest.approx(1)
    expected = np.tensordot(list(judge.weights.values()), own, axes=1)
    np.testing.assert_allclose(outputs_of(judge.digits, images), expected, atol=1e-6)


def test_equal_weights_are_the_plain_mean(models: dict[str, Any], data: Prepared) -> None:
    judge = build_judge(models, models["residual"], data, "mean")
    assert set(judge.weights.values()) == {1 / len(models)}
    images, _ = data.load("test")
    own = np.stack([member.probabilities(images) for member in models.values()])
    np.testing.assert_allclose(outputs_of(judge.digits, images), own.mean(axis=0), atol=1e-6)


def test_features_are_standardised_on_the_training_images(
    judge: Judge, models: dict[str, Any], data: Prepared
) -> None:
    images, _ = data.load("train")
    features = outputs_of(judge.features, images)
    raw = models["residual"].outputs_of(images)["features"]
    alive = raw.std(axis=0) > 0
    assert alive.any()
    expected = (raw - raw.mean(axis=0)) / np.where(alive, raw.std(axis=0), 1)
    np.testing.assert_allclose(features, expected, atol=1e-5)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(features.std(axis=0)[alive], 1, rtol=1e-3)


def test_a_feature_that_never_varies_stays_zero(data: Prepared) -> None:
    model = build("sequential", **SMALL["sequential"])
    dense = model.get_layer("stack").get_layer("dense")
    kernel, bias = dense.get_weights()
    kernel[:, 0] = 0
    dense.set_weights([kernel, bias])
    judge = build_judge({"one": model}, model, data, "fitted")
    images, _ = data.load("test")
    assert (outputs_of(judge.features, images)[:, 0] == 0).all()


@pytest.mark.parametrize("name", ["separable", "application"])
def test_one_member_is_its_own_judge(name: str, data: Prepared) -> None:
    model = build(name, **SMALL.get(name, {}))
    judge = build_judge({"one": model}, model, data, "fitted")
    images, _ = data.load("test")
    assert judge.weights == {"one": 1.0}
    np.testing.assert_allclose(
        outputs_of(judge.digits, images), model.probabilities(images), atol=1e-6
    )


def test_the_files_give_both_networks_back(judge: Judge, data: Prepared, tmp_path: Path) -> None:
    judge.save(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {*FILES, CHECKSUMS}
    images, _ = data.load("test")
    for name, network in (("digits", judge.digits), ("features", judge.features)):
        loaded = load(tmp_path, name)
        assert all(map(np.array_equal, loaded.get_weights(), network.get_weights()))
        found, expected = outputs_of(loaded, images), outputs_of(network, images)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_networks_are_of_built_in_layers(judge: Judge, tmp_path: Path) -> None:
    judge.save(tmp_path)
    for name in ("digits", "features"):
        config = json.loads((tmp_path / f"{name}.json").read_text())
        layers = config["config"]["layers"]
        assert {layer["module"] for layer in layers} == {"keras.layers"}
        assert {layer["registered_name"] for layer in layers} == {None}
        kinds = {layer["class_name"] for layer in layers}
        assert not kinds & {"Dropout", "RandomShift", "RandomGaussianBlur"}


def test_equal_judges_are_equal_bytes(data: Prepared, tmp_path: Path) -> None:
    """Whatever else the process has built before: Keras counts the layers."""
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        made = members()
        build_judge(made, made["sequential"], data, "fitted").save(tmp_path / folder)
    for name in FILES:
        one, other = ((tmp_path / folder / name).read_bytes() for folder in ("one", "other"))
        assert one == other, name


@pytest.mark.parametrize(
    ("section", "message"),
    [
        (
            {"members": ["residul"], "weights": "mean", "features": "residul"},
            "unknown classifier 'residul'; did you",
        ),
        (
            {"members": ["cvae"], "weights": "mean", "features": "cvae"},
            "judge.members: unknown classifier 'cvae'",
        ),
        (
            {"members": ["residual"], "weights": "mean", "features": "seperable"},
            "judge.features: unknown classifier 'seperable'; did you mean separable",
        ),
    ],
)
def test_members_are_classifiers_that_are_trained(
    section: dict[str, Any], message: str, tmp_path: Path
) -> None:
    families = {"cvae": "vae", "residual": "classifiers", "separable": "classifiers"}
    trained = {key: {"family": family} for key, family in families.items()}
    document = {"train": trained, "judge": section}
    with pytest.raises(BadInput, match=message):
        params.read_section("judge", JudgeOptions, document, tmp_path / "params.yaml")
