"""AlexNet's features: against another program of its definition."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.image_quality import alexnet, extractors
from generative.image_quality.extractors import AlexNetFeatures
from generative.image_quality.image_metrics import ImageMetrics
from generative.image_quality.references import RealFeatures, References
from tests.support.alexnet import independent_activations
from tests.support.data import write_raw_alexnet
from tests.support.images import colour_images

Array = np.ndarray


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alexnet")
    write_raw_alexnet(folder)
    return folder / "alexnet.ckpt"


@pytest.fixture(scope="module")
def extractor(file: Path) -> AlexNetFeatures:
    return AlexNetFeatures(file)


def independent_features(image: Array, convolutions: list[tuple[Array, Array]]) -> Array:
    """The features of them, of an image of the right size."""
    found = []
    for i, x in enumerate(independent_activations(image, convolutions)):
        if i in (0, 1, 4):
            length = np.linalg.norm(x, axis=-1, keepdims=True)
            unit = np.divide(x, length, out=np.zeros_like(x), where=length > 0)
            found.append(unit.mean(axis=(0, 1)))
    features = np.concatenate(found)
    return features * np.sqrt(len(features) / 3)


def test_the_network_is_alexnets_convolutions(file: Path, extractor: AlexNetFeatures) -> None:
    images = np.random.default_rng(1).random((3, alexnet.SIDE, alexnet.SIDE, 3), np.float32)
    convolutions = alexnet.read_convolutions(file)
    assert [kernel.shape[-1] for kernel, _ in convolutions] == [4, 6, 7, 5, 5]
    expected = [independent_features(image, convolutions) for image in images]
    found = extractor.features(images)
    assert found.shape == (3, 4 + 6 + 5)
    assert found.dtype == np.float32
    assert 0.1 < (found**2).mean() <= 1
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_images_are_resized_first(extractor: AlexNetFeatures) -> None:
    """A plain image of any size is the same; a large one is averaged, not sampled."""
    plain = np.ones((1, 1, 1, 3), np.float32) * (0.9, 0.4, 0.1)
    sizes = (96, 96), (32, 32), (64, 80)
    found = [extractor.features(np.tile(plain, (1, *size, 1))) for size in sizes]
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-4, atol=1e-5)
    board = np.indices((288, 288)).sum(axis=0) % 2
    boards = np.repeat(board[np.newaxis, ..., np.newaxis], 3, axis=-1).astype(np.float32)
    grey = extractor.features(np.full_like(boards, 0.5))
    # The corners of the image have half a triangle to average over.
    np.testing.assert_allclose(extractor.features(boards), grey, rtol=0.1, atol=0.02)


def test_channel_order_and_scale_matter(extractor: AlexNetFeatures) -> None:
    images = colour_images(20, 32, 32)
    found = extractor.features(images)
    for wrong in (images[..., ::-1], images * 255, images / 255):
        difference = np.abs(extractor.features(wrong) - found).mean()
        assert difference > 0.1 * found.mean()


def test_batches_change_nothing(
    extractor: AlexNetFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = colour_images(7, 32, 32)
    expected = extractor.features(images)
    monkeypatch.setattr(extractors, "ALEXNET_BATCH", 3)
    np.testing.assert_allclose(extractor.features(images), expected, rtol=1e-4, atol=1e-6)


def test_identity_is_that_of_weights_and_settings(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = alexnet.identity(file)
    assert before == AlexNetFeatures(file).identity
    assert len(before) == 12
    write_raw_alexnet(tmp_path, bias=0.2)
    assert alexnet.identity(tmp_path / "alexnet.ckpt") != before
    monkeypatch.setattr(alexnet, "SIDE", 100)
    assert alexnet.identity(file) != before


def spoil(tree: Any, how: str) -> None:
    layers = tree["AlexNet_0"]
    if how == "another network":
        tree["VGG16_0"] = tree.pop("AlexNet_0")
    elif how == "no layer":
        del layers["Conv_3"]
    elif how == "no bias":
        del layers["Conv_1"]["bias"]
    elif how == "transposed":
        layers["Conv_2"]["kernel"] = layers["Conv_2"]["kernel"].transpose(3, 2, 0, 1)
    elif how == "grey":
        layers["Conv_0"]["kernel"] = layers["Conv_0"]["kernel"][:, :, :1]
    elif how == "long bias":
        layers["Conv_4"]["bias"] = np.zeros(6, np.float32)
    elif how == "infinite":
        layers["Conv_4"]["bias"][0] = np.inf


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("another network", "has no AlexNet_0: it is not AlexNet"),
        ("no layer", "Conv_3 have the shapes None and None, not"),
        ("no bias", r"Conv_1 have the shapes \(5, 5, 4, 6\) and None, not"),
        ("transposed", r"Conv_2 have the shapes \(7, 6, 3, 3\) and \(7,\), not \(3, 3, 6, 'n'\)"),
        ("grey", r"Conv_0 have the shapes \(11, 11, 1, 4\)"),
        ("long bias", r"Conv_4 have the shapes \(3, 3, 5, 5\) and \(6,\)"),
        ("infinite", "an array holds numbers that are not finite"),
    ],
)
def test_other_weights_are_refused(file: Path, tmp_path: Path, how: str, message: str) -> None:
    tree = pickle.loads(file.read_bytes())
    spoil(tree, how)
    bad = tmp_path / "bad.ckpt"
    content = pickle.dumps(tree, protocol=3)
    bad.write_bytes(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    with pytest.raises(BadInput, match=f"bad.ckpt.*{message}") as refused:
        AlexNetFeatures(bad)
    assert "\n" not in str(refused.value)


def test_grey_is_a_colour(extractor: AlexNetFeatures) -> None:
    grey = np.random.default_rng(0).random((2, 8, 8, 1)).astype(np.float32)
    colour = extractor.features(np.repeat(grey, 3, axis=-1))
    np.testing.assert_array_equal(extractor.features(grey), colour)


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (2, 8, 8, 2), (2, 8, 8, 4), (8, 8, 3)])
def test_what_are_no_images_is_refused(extractor: AlexNetFeatures, shape: Any) -> None:
    with pytest.raises(BadInput, match=r"\(count, height, width, 3 or 1\)"):
        extractor.features(np.zeros(shape, np.float32))


def test_image_metrics_by_these_features(extractor: AlexNetFeatures) -> None:
    options = References(
        split="test",
        network="alexnet",
        samples=40,
        seeds=[1],
        neighbours=3,
        kernel_subsets=3,
        kernel_subset_size=20,
    )
    train, test = (colour_images(count, 32, 32, seed) for count, seed in ((80, 2), (40, 1)))
    real = RealFeatures.measure(extractor, train, (test, np.zeros(40, np.uint8)), None, 40)
    metrics = ImageMetrics(extractor, real, options)
    good = metrics.measure(colour_images(40, 32, 32, seed=3), seed=1)
    bad = metrics.measure(colour_images(40, 32, 32, seed=3)[..., ::-1], seed=1)
    assert good["frechet_distance"] < 0.1 * bad["frechet_distance"]
    assert good["coverage"] > 0.8 > bad["coverage"]
    assert metrics.measure(train[:40], seed=1)["nearest_train_ratio"] < 1e-3
    assert "digits_covered" not in good
