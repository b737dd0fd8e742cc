"""What every generative model promises, asked of each of them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative import params, runtime, saving, training
from generative.datasets import DATASETS
from generative.models import MODELS
from generative.tables import find
from tests.conftest import TINY


@pytest.fixture(params=MODELS, scope="module")
def key(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def block(key: str, tmp_path_factory: pytest.TempPathFactory) -> params.Train:
    """The model's own block of params.yaml, shrunk."""
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(params.PATH.read_text())
    params.use(TINY, file)
    return params.read(f"train.{key}", file).model_copy(update={"precision": "float32"})


@pytest.fixture(scope="module")
def device() -> runtime.Device:
    return runtime.Device("CPU", "float32", False, "statistical", tf.distribute.get_strategy())


@pytest.fixture(scope="module")
def data(block: params.Train, prepared_mnist: Path) -> dict[str, Any]:
    dataset = find(DATASETS, "data set", block.dataset)
    return {
        "batches": dataset.batches(prepared_mnist, block.batch_size, block.seed, **block.data),
        "validation": dataset.load(prepared_mnist, "validation", **block.data),
    }


@pytest.fixture(scope="module")
def trained(
    key: str,
    block: params.Train,
    device: runtime.Device,
    data: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Any:
    """The model after one epoch, its weights before, and the course of the training."""
    keras.utils.set_random_seed(block.seed)
    model = find(MODELS, "model", key)(**block.model)
    before = [w.numpy() for w in model.trainable_variables]
    epochs: list[int] = []
    course = training.fit(
        f"train.{key}",
        model,
        block,
        device,
        **data,
        on_epoch=lambda e, logs, f: epochs.append(e),
        scratch=tmp_path_factory.mktemp("scratch"),
    )
    assert epochs == list(range(1, block.epochs + 1))
    return model, before, course


def test_every_weight_gets_a_gradient(trained: Any) -> None:
    model, before, _ = trained
    assert before
    for weight, old in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(weight.numpy(), old), weight.path


def test_evaluation_and_training_name_the_same_terms(trained: Any, data: dict[str, Any]) -> None:
    model, _, course = trained
    names = [name for name in course.history.columns if name != "epoch"]
    in_training = {name for name in names if not name.startswith("val_")}
    assert in_training == {name[4:] for name in names if name.startswith("val_")}
    assert in_training == set(model.evaluate(*data["validation"], verbose=0, return_dict=True))
    assert len(course.history) == len(course.snapshots)
    assert np.isfinite(course.history.to_numpy()).all()


def test_generate(trained: Any, data: dict[str, Any]) -> None:
    model, _, _ = trained
    images = model.generate(3, seed=5)
    assert images.dtype == np.float32
    assert images.shape == (3, *data["validation"][0].shape[1:])
    assert images.min() >= 0
    assert images.max() <= 1
    assert np.array_equal(images, model.generate(3, seed=5))
    assert not np.array_equal(images, model.generate(3, seed=6))


def test_snapshot(trained: Any, data: dict[str, Any]) -> None:
    model, _, course = trained
    frame = model.snapshot(data["validation"][0][:8])
    assert frame.shape == course.snapshots.shape[1:]
    assert frame.min() >= 0
    assert frame.max() <= 1


def test_a_fresh_process_generates_the_same(
    trained: Any, key: str, block: params.Train, tmp_path: Path
) -> None:
    model, _, _ = trained
    saving.save(
        model,
        saving.Card(block.network, block.model, block.dataset, block.data),
        tmp_path / "model",
    )
    program = (
        "import generative, numpy, sys\n"
        "model = generative.load(sys.argv[1])\n"
        "numpy.save(sys.argv[2], model.generate(4, seed=1))"
    )
    out = tmp_path / "images.npy"
    command = [sys.executable, "-c", program, str(tmp_path / "model"), str(out)]
    subprocess.run(command, check=True, capture_output=True)
    assert np.array_equal(np.load(out), model.generate(4, seed=1))


def test_the_exported_part_generates(trained: Any) -> None:
    model, _, _ = trained
    exported = model.inference_model()
    stock = {type(layer).__module__.partition(".")[0] for layer in exported.layers}
    assert stock == {"keras"}
    inputs = np.random.default_rng(1).standard_normal((2, *exported.input_shape[1:]))
    images = exported(inputs.astype(np.float32)).numpy()
    assert images.shape[1:] == model.generate(1, seed=0).shape[1:]
    assert images.min() >= 0
    assert images.max() <= 1
