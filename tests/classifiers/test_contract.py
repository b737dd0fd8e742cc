"""What every classifier promises, and what each network is."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from generative.core import members, saving
from generative.datasets.base.dataset import Prepared
from tests.support.classifiers import VARIANTS, Variant, arguments
from tests.support.classifiers import build_classifier as build
from tests.support.saving import check_signature
from tests.support.slow import unless_quick

DATA = {"binarization": "none", "binarization_seed": 1}


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((8, 28, 28, 1), dtype=np.float32)


def test_every_network_is_asked() -> None:
    found = {name for name in members.networks() if name.startswith("classifiers/")}
    assert found == {f"classifiers/{variant.network}" for variant in VARIANTS.values()}


@pytest.fixture(params=unless_quick(VARIANTS, VARIANTS.keys() - {"application"}))
def variant(request: pytest.FixtureRequest) -> Variant:
    return VARIANTS[request.param]


def test_shapes_ranges_and_size(variant: Variant, images: np.ndarray) -> None:
    model = build(variant.network, **variant.changes)
    outputs = model.outputs_of(images)
    assert outputs["features"].shape == (8, variant.features)
    assert outputs["logits"].shape == (8, 10)
    assert outputs["features"].dtype == outputs["logits"].dtype == np.float32
    probabilities = model.probabilities(images)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(model.inference_model()(images), probabilities, atol=1e-6)
    assert model.count_params() == variant.parameters


def test_training_moves_every_weight_and_the_folder_gives_it_back(
    variant: Variant, prepared_mnist: Path, tmp_path: Path
) -> None:
    data = Prepared("mnist", DATA, prepared_mnist)
    model = build(variant.network, **variant.changes)
    before = [weight.numpy() for weight in model.trainable_variables]
    model.compile()
    validation = data.load("validation")
    batches = data.batches(batch_size=32, seed=1).epoch(0)
    history = model.fit(batches, validation_data=validation, shuffle=False, verbose=0).history
    for weight, old in zip(model.trainable_variables, before, strict=True):
        assert not np.array_equal(weight.numpy(), old), weight.path
    names = {"loss", "cross_entropy", "accuracy"}
    assert set(history) == {*names, *(f"val_{n}" for n in names)}
    assert np.isfinite(list(history.values())).all()

    built = {**arguments(variant.network), **variant.changes}
    described = saving.Description(f"classifiers/{variant.network}", built, "mnist", DATA)
    saving.save(model, described, tmp_path)
    check_signature(tmp_path)
    test, _ = data.load("test")
    loaded = saving.load(tmp_path)
    assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))
    np.testing.assert_allclose(loaded.probabilities(test), model.probabilities(test), atol=1e-6)


@pytest.mark.slow
def test_what_is_exported_gives_the_same(
    variant: Variant, images: np.ndarray, tmp_path: Path
) -> None:
    served = build(variant.network, **variant.changes).inference_model()
    served.export(tmp_path, verbose=False)
    exported = tf.saved_model.load(tmp_path)
    np.testing.assert_allclose(exported.serve(images), served(images), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("architecture", ["convolutional", "dense"])
@pytest.mark.parametrize("batch_normalization", ["none", "after"])
def test_equal_weights_of_both_apis_give_equal_outputs(
    architecture: str, batch_normalization: str, images: np.ndarray
) -> None:
    changes = {"architecture": architecture, "batch_normalization": batch_normalization}
    one, other = build("sequential", **changes), build("functional", **changes)
    other.set_weights([weight + 0.01 for weight in one.get_weights()])
    assert not np.allclose(one.probabilities(images), other.probabilities(images))
    other.set_weights(one.get_weights())
    np.testing.assert_allclose(one.probabilities(images), other.probabilities(images), atol=1e-6)


@pytest.mark.parametrize("kind", ["shift_pixels", "blur_pixels"])
def test_images_are_changed_in_training_only(kind: str, images: np.ndarray) -> None:
    none = {"dropout": 0.0, "shift_pixels": 0, "blur_pixels": 0.0}
    still = build("sequential", **none)
    changed = build("sequential", **{**none, kind: arguments("sequential")[kind]})
    changed.set_weights(still.get_weights())
    outside = [m(images, training=False)["logits"].numpy() for m in (changed, still)]
    np.testing.assert_allclose(outside[0], outside[1], atol=1e-5)
    assert not np.allclose(changed(images, training=True)["logits"], outside[0], atol=1e-3)
    np.testing.assert_allclose(still(images, training=True)["logits"], outside[1], atol=1e-5)


def test_smoothing_is_for_training(images: np.ndarray) -> None:
    model = build("sequential", label_smoothing=0.5)
    outputs, labels = model(images), np.arange(8)
    args = {"x": images, "y": labels, "y_pred": outputs}
    plain = build("sequential", label_smoothing=0.0)
    assert float(model.compute_loss(**args, training=False)) == pytest.approx(
        float(plain.compute_loss(**args, training=True)), rel=1e-5
    )
    assert float(model.compute_loss(**args)) != float(plain.compute_loss(**args))


@pytest.mark.slow
def test_a_process_loads_only_its_own_network() -> None:
    program = (
        "import sys\n"
        "from generative.core import members\n"
        "members.network('classifiers/residual')\n"
        "print(sorted(m for m in sys.modules if m.startswith('generative.classifiers.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    base = ["base", "base.classifier", "base.losses"]
    expected = [f"generative.classifiers.{name}" for name in (*base, "residual")]
    assert done.stdout.decode().strip() == str(expected)
