"""What every classifier promises, and what each topology is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from generative.plots import topology as drawing
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.training import fit as training
from generative.training.schema import Train
from generative.datasets import mnist
from generative.core import members
from tests.conftest import TINY

KEYS = [k for k, b in params.raw("train").items() if b["family"] == "classification"]
DEVICE = runtime.Device("CPU", "float32", False, "statistical", tf.distribute.get_strategy())


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Train]:
    """The classifiers' own blocks of params.yaml, shrunk."""
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(params.PATH.read_text())
    params.use(TINY, file)
    float32 = {"precision": "float32"}
    return {k: params.read(f"train.{k}", Train, file).model_copy(update=float32) for k in KEYS}


def build(block: Train, **changes: Any) -> Any:
    keras.utils.set_random_seed(block.seed)
    return members.network(block.network)(**{**block.model, **changes})


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((8, 28, 28, 1), dtype=np.float32)


@pytest.mark.parametrize("key", KEYS)
def test_shapes_ranges_and_size(key: str, blocks: dict[str, Train], images: np.ndarray) -> None:
    model = build(blocks[key])
    outputs = model.outputs_of(images)
    width = {"sequential": 128, "functional": 128, "inception": 128, "residual": 128}
    assert outputs["features"].shape == (8, width.get(key, 128))
    assert outputs["logits"].shape == (8, 10)
    assert outputs["features"].dtype == outputs["logits"].dtype == np.float32
    probabilities = model.probabilities(images)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(model.inference_model()(images), probabilities, atol=1e-6)
    parameters = {
        "sequential": 225_034,
        "functional": 225_034,
        "inception": 52_378,
        "residual": 304_346,
        "separable": 36_554,
    }
    assert model.count_params() == parameters[key]


@pytest.mark.parametrize("key", KEYS)
def test_training_moves_every_weight_and_the_folder_gives_it_back(
    key: str, blocks: dict[str, Train], prepared_mnist: Path, tmp_path: Path
) -> None:
    block = blocks[key]
    model = build(block)
    before = [weight.numpy() for weight in model.trainable_variables]
    course = training.fit(
        f"train.{key}",
        model,
        block,
        DEVICE,
        mnist.batches(prepared_mnist, block.batch_size, block.seed, **block.data),
        mnist.load(prepared_mnist, "validation", **block.data),
        lambda *_: None,
        tmp_path,
    )
    for weight, old in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(weight.numpy(), old), weight.path
    names = {"loss", "cross_entropy", "accuracy"}
    assert set(course.history.columns) == {"epoch", *names, *(f"val_{n}" for n in names)}
    assert np.isfinite(course.history.to_numpy()).all()

    saving.save(
        model, saving.Description(block.network, block.model, "mnist", block.data), tmp_path / "m"
    )
    test, _ = mnist.load(prepared_mnist, "test", **block.data)
    loaded = saving.load(tmp_path / "m")
    np.testing.assert_array_equal(loaded.probabilities(test), model.probabilities(test))


def test_equal_weights_of_both_apis_give_equal_outputs(
    blocks: dict[str, Train], images: np.ndarray
) -> None:
    one, other = build(blocks["sequential"]), build(blocks["functional"])
    other.set_weights([weight + 0.01 for weight in one.get_weights()])
    assert not np.allclose(one.probabilities(images), other.probabilities(images))
    other.set_weights(one.get_weights())
    np.testing.assert_array_equal(one.probabilities(images), other.probabilities(images))


def test_separable_convolutions_are_smaller_than_whole_ones(
    blocks: dict[str, Train],
) -> None:
    """k k c + c d weights in place of k k c d (Chollet, 2017, section 2)."""
    model = build(blocks["separable"], width=16, pairs=1)
    found = {layer.name: layer.count_params() for layer in model.layers}
    sizes = [count for name, count in found.items() if name.startswith("separable")]
    assert sizes == [9 * 16 + 16 * 32, 9 * 32 + 32 * 32]


def test_a_residual_block_with_no_change_passes_its_input_on(images: np.ndarray) -> None:
    from generative.classifiers.residual import block

    inputs = keras.Input((7, 7, 4))
    model = keras.Model(inputs, block(inputs, 4, projected=False))
    last = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)][-1]
    last.set_weights([np.zeros_like(last.get_weights()[0])])
    some = np.random.default_rng(1).random((2, 7, 7, 4), dtype=np.float32)
    np.testing.assert_array_equal(model(some), some)


def test_the_branches_of_inception_are_concatenated() -> None:
    from generative.classifiers.inception import branches

    inputs = keras.Input((14, 14, 8))
    assert branches(inputs, 5).shape == (None, 7, 7, 20)


@pytest.mark.parametrize("kind", ["shift_pixels", "blur_pixels"])
def test_images_are_changed_in_training_only(
    kind: str, blocks: dict[str, Train], images: np.ndarray
) -> None:
    none = {"dropout": 0.0, "shift_pixels": 0, "blur_pixels": 0.0}
    still = build(blocks["sequential"], **none)
    changed = build(blocks["sequential"], **{**none, kind: blocks["sequential"].model[kind]})
    changed.set_weights(still.get_weights())
    outside = [m(images, training=False)["logits"].numpy() for m in (changed, still)]
    np.testing.assert_array_equal(*outside)
    assert not np.allclose(changed(images, training=True)["logits"], outside[0], atol=1e-3)
    np.testing.assert_allclose(still(images, training=True)["logits"], outside[1], atol=1e-5)


def test_smoothing_is_for_training(blocks: dict[str, Train], images: np.ndarray) -> None:
    model = build(blocks["sequential"], label_smoothing=0.5)
    outputs, labels = model(images), np.arange(8)
    args = {"x": images, "y": labels, "y_pred": outputs}
    plain = build(blocks["sequential"], label_smoothing=0.0)
    assert float(model.compute_loss(**args, training=False)) == pytest.approx(
        float(plain.compute_loss(**args, training=True))
    )
    assert float(model.compute_loss(**args)) != float(plain.compute_loss(**args))


def test_the_drawing_names_every_layer(blocks: dict[str, Train], tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing.shutil, "which", lambda _: None)
        drawing.topology(build(blocks["sequential"]), tmp_path)
    text = (tmp_path / "topology.txt").read_text()
    for name in ("convolution_1", "pooling_2", "dense", "logits", "(None, 11, 11, 64)"):
        assert name in text
    assert "225,034" in text


def test_the_drawing_is_a_picture_where_graphviz_is(
    blocks: dict[str, Train], tmp_path: Path
) -> None:
    if not drawing.shutil.which("dot"):
        pytest.skip("graphviz is not installed")
    drawing.topology(build(blocks["inception"]), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["topology.png"]


def test_a_process_loads_only_its_own_topology() -> None:
    program = (
        "import sys\n"
        "from generative.tables import NETWORKS, find\n"
        "find(NETWORKS, 'network', 'topologies/residual')\n"
        "print([m for m in sys.modules if m.startswith('generative.topologies.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert done.stdout.decode().strip() == "['generative.topologies.residual']"
