"""What every generative model promises, asked of each of them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.core import members, saving
from generative.core.history import History
from generative.gan.base.trainer import BaseGAN
from generative.training.schema import Train
from tests.support import training
from tests.support.saving import check_signature
from tests.support.training import SECTIONS, Small
from tests.support.workspace import PROJECT

KEYS = [key for key in training.KEYS if SECTIONS[key]["family"] in ("vae", "gan", "text")]
# What only a training step can tell.
TRAINING_ONLY = {"gradient_norm", "r1", "gradient_penalty", "disagreement", "feature_r1"}


class Trained(NamedTuple):
    """A model after its epochs, its weights before, its section, what it was built from, its data
    and its history."""

    model: Any
    before: list[np.ndarray]
    train: Train
    arguments: dict[str, Any]
    validation: tuple[np.ndarray, np.ndarray]
    history: History


@pytest.fixture(scope="module")
def train(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tiny_params: Path
) -> Callable[[str], Trained]:
    """Trains the model of a section of params.yaml, shrunk; each once."""
    known: dict[str, Trained] = {}

    def trained(key: str) -> Trained:
        if key in known:
            return known[key]
        small = Small(key, tiny_params, request)
        model = small.build()
        before = [w.numpy() for w in model.trainable_variables]
        epochs: list[int] = []
        workspace = tmp_path_factory.mktemp("workspace")
        history = small.fit(model, workspace, lambda epoch, logs, frame: epochs.append(epoch))
        assert epochs == list(range(1, small.train.epochs + 1))
        validation = small.data.load("validation")
        known[key] = Trained(model, before, small.train, small.arguments, validation, history)
        return known[key]

    return trained


@pytest.fixture(params=KEYS, scope="module")
def trained(request: pytest.FixtureRequest, train: Callable[[str], Trained]) -> Trained:
    return train(request.param)


def test_every_network_is_asked() -> None:
    generative = {path for path in members.networks() if path.startswith(("vae/", "gan/", "text/"))}
    assert {SECTIONS[key]["network"] for key in KEYS} == generative


def test_every_weight_gets_a_gradient(trained: Trained) -> None:
    assert trained.before
    for weight, old in zip(trained.model.trainable_variables, trained.before, strict=True):
        assert not np.array_equal(weight.numpy(), old), weight.path


def test_evaluation_and_training_name_the_same_terms(trained: Trained) -> None:
    history = trained.history.table
    names = [name for name in history.columns if name != "epoch"]
    in_training = {name for name in names if not name.startswith("val_")}
    held_out = {name[4:] for name in names if name.startswith("val_")}
    assert in_training - TRAINING_ONLY == held_out
    assert held_out == set(trained.model.evaluate(*trained.validation, verbose=0, return_dict=True))
    assert len(trained.history.snapshots) == 1 + len(history)  # the first before training
    assert np.isfinite(history.to_numpy()).all()


def test_generate(trained: Trained) -> None:
    model = trained.model
    if trained.train.family == "text":
        texts = model.generate(3, seed=5)
        assert [len(text) for text in texts] == [400] * 3
        assert set("".join(texts)) <= set(model.vocabulary)
        assert texts == model.generate(3, seed=5)
        assert texts != model.generate(3, seed=6)
        return
    images = model.generate(3, seed=5)
    assert images.dtype == np.float32
    assert images.shape == (3, *trained.validation[0].shape[1:])
    assert images.min() >= 0
    assert images.max() <= 1
    assert np.array_equal(images, model.generate(3, seed=5))
    assert not np.array_equal(images, model.generate(3, seed=6))


def test_snapshot(trained: Trained) -> None:
    frame = trained.model.snapshot(trained.validation[0][:8])
    if trained.train.family == "text":
        assert frame.shape == (4 * min(8, len(trained.validation[0])),)
        assert trained.history.snapshots.shape[1:] == (4 * trained.train.snapshot_count,)
        return
    assert frame.shape == trained.history.snapshots.shape[1:]
    assert frame.min() >= 0
    assert frame.max() <= 1


def test_the_generators_range_is_that_of_the_real_images(trained: Trained) -> None:
    """Black and white of the data are the ends of what the last activation can give."""
    model = trained.model
    if not isinstance(model, BaseGAN):
        pytest.skip("has no discriminator that compares ranges")
    low, high = model.output_range
    activation = keras.activations.get({0.0: "sigmoid", -1.0: "tanh"}[low])
    assert model.generator.layers[-1].activation is activation
    ends = np.asarray(model.to_generator_range(tf.constant([0.0, 1.0])))
    assert ends.tolist() == [low, high]
    noise, labels = model.latents(20, seed=1)
    raw = np.asarray(model.average_generator(model.concat_labels(noise, labels), training=False))
    assert low <= raw.min() < raw.max() <= high
    assert raw.dtype == np.float32  # of bfloat16 there are no 256 greys
    np.testing.assert_allclose(
        model.to_generator_range(model.images(noise, labels)), raw, atol=1e-6
    )


def test_labels(trained: Trained) -> None:
    model = trained.model
    classes = getattr(model, "classes", 0)
    if not classes:
        pytest.skip("knows no labels")
    assert classes == 10
    noise = np.repeat(model.latents(1, seed=1)[0], classes, axis=0)
    images = model.images(noise, np.arange(classes))
    assert len(np.unique(images, axis=0)) == classes
    np.testing.assert_array_equal(model.generate(1, 1, 3), model.images(noise[:1], np.array([3])))


PROGRAM = """
import json, sys
import numpy
from pathlib import Path
from generative.core import saving
for folder, out in json.loads(sys.argv[1]).items():
    numpy.save(out, saving.load(Path(folder)).generate(4, seed=1))
"""


@pytest.mark.slow
def test_a_fresh_process_generates_the_same(
    train: Callable[[str], Trained], tmp_path: Path
) -> None:
    for key in KEYS:
        section = train(key).train
        description = saving.Description(
            section.network, train(key).arguments, section.dataset, section.data
        )
        saving.save(train(key).model, description, tmp_path / key)
    places = {str(tmp_path / key): str(tmp_path / f"{key}.npy") for key in KEYS}
    command = [sys.executable, "-c", PROGRAM, json.dumps(places)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "src")}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    for key in KEYS:
        check_signature(tmp_path / key)
        images = np.load(tmp_path / f"{key}.npy")
        expected = train(key).model.generate(4, seed=1)
        if images.dtype.kind == "U":
            assert images.tolist() == expected, key
        else:
            np.testing.assert_allclose(images, expected, atol=1e-6, err_msg=key)


def test_the_exported_part_generates(trained: Trained) -> None:
    model = trained.model
    exported = model.inference_model()
    origins = {type(layer).__module__.partition(".")[0] for layer in exported.layers}
    assert origins == {"keras"}
    if trained.train.family == "text":
        # A served request has numbers of any type; softmax of each place sums to 1.
        ids = trained.validation[0][:1, : model.context].astype(np.float32)
        shares = exported(ids).numpy()
        assert shares.shape == (*ids.shape, len(model.vocabulary))
        np.testing.assert_allclose(shares.sum(axis=-1), 1, rtol=1e-5)
        np.testing.assert_allclose(shares, tf.nn.softmax(model(ids)), atol=1e-5)
        return
    inputs = np.random.default_rng(1).standard_normal((2, *exported.input_shape[1:]))
    images = exported(inputs.astype(np.float32)).numpy()
    assert images.shape[1:] == model.generate(1, seed=0).shape[1:]
    assert images.min() >= 0
    assert images.max() <= 1
