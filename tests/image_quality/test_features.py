import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import correlate

from generative.image_quality import comparison as judge
from generative.image_quality import features as perceptual
from generative.image_quality.schema import EvaluateImages
from generative.core.errors import BadInput
from tests.conftest import write_raw_alexnet

Array = np.ndarray


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alexnet")
    write_raw_alexnet(folder)
    return folder / "alexnet.ckpt"


@pytest.fixture(scope="module")
def eyes(file: Path) -> perceptual.Eyes:
    return perceptual.Eyes(file)


def pictures(count: int, height: int, width: int, seed: int = 0) -> Array:
    """Smooth and coloured: red grows from left to right, blue and green are weak."""
    generator = np.random.default_rng(seed)
    images = generator.uniform(0, 0.2, (count, height, width, 3))
    images[..., 0] += np.linspace(0, 0.8, width)
    images *= generator.uniform(0.3, 1, (count, 1, 1, 1))
    return images.astype(np.float32)


def independent_activations(
    image: Array, convolutions: list[tuple[Array, Array]]
) -> Iterator[Array]:
    """What AlexNet's definition says of one image, after each ReLU, by SciPy's correlation."""
    x = (image.astype(np.float64) - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    strides, paddings = (4, 1, 1, 1, 1), (2, 2, 1, 1, 1)
    for i, (kernel, bias) in enumerate(convolutions):
        if i in (1, 2):
            rows, columns = ((side - 3) // 2 + 1 for side in x.shape[:2])
            x = np.array(
                [
                    [x[2 * r : 2 * r + 3, 2 * c : 2 * c + 3].max((0, 1)) for c in range(columns)]
                    for r in range(rows)
                ]
            )
        x = np.pad(x, (*[(paddings[i], paddings[i])] * 2, (0, 0)))
        each = [correlate(x, kernel[..., c], "valid")[..., 0] for c in range(len(bias))]
        x = np.maximum(np.stack(each, axis=-1)[:: strides[i], :: strides[i]] + bias, 0)
        yield x


def independent_features(image: Array, convolutions: list[tuple[Array, Array]]) -> Array:
    """What `perceptual` makes of them, of an image of the right size."""
    seen = []
    for i, x in enumerate(independent_activations(image, convolutions)):
        if i in (0, 1, 4):
            length = np.linalg.norm(x, axis=-1, keepdims=True)
            unit = np.divide(x, length, out=np.zeros_like(x), where=length > 0)
            seen.append(unit.mean(axis=(0, 1)))
    features = np.concatenate(seen)
    return features * np.sqrt(len(features) / 3)


def test_the_network_is_alexnets_convolutions(file: Path, eyes: perceptual.Eyes) -> None:
    images = np.random.default_rng(1).random((3, perceptual.SIDE, perceptual.SIDE, 3), np.float32)
    convolutions = perceptual.read_convolutions(file)
    assert [kernel.shape[-1] for kernel, _ in convolutions] == [4, 6, 7, 5, 5]
    expected = [independent_features(image, convolutions) for image in images]
    found = eyes.features(images)
    assert found.shape == (3, 4 + 6 + 5)
    assert found.dtype == np.float32
    assert 0.1 < (found**2).mean() <= 1
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_pictures_are_resized_first(eyes: perceptual.Eyes) -> None:
    """A plain picture of any size is the same; a large one is averaged, not sampled."""
    plain = np.ones((1, 1, 1, 3), np.float32) * (0.9, 0.4, 0.1)
    seen = [eyes.features(np.tile(plain, (1, h, w, 1))) for h, w in ((96, 96), (32, 32), (64, 80))]
    np.testing.assert_allclose(seen[1], seen[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(seen[2], seen[0], rtol=1e-4, atol=1e-5)
    board = np.indices((288, 288)).sum(axis=0) % 2
    boards = np.repeat(board[np.newaxis, ..., np.newaxis], 3, axis=-1).astype(np.float32)
    grey = eyes.features(np.full_like(boards, 0.5))
    # The corners of the picture have half a triangle to average over.
    np.testing.assert_allclose(eyes.features(boards), grey, rtol=0.1, atol=0.02)


def test_channel_order_and_scale_matter(eyes: perceptual.Eyes) -> None:
    images = pictures(20, 32, 32)
    seen = eyes.features(images)
    for wrong in (images[..., ::-1], images * 255, images / 255):
        difference = np.abs(eyes.features(wrong) - seen).mean()
        assert difference > 0.1 * seen.mean()


def test_pieces_change_nothing(eyes: perceptual.Eyes, monkeypatch: pytest.MonkeyPatch) -> None:
    images = pictures(7, 32, 32)
    expected = eyes.features(images)
    monkeypatch.setattr(perceptual, "PIECE", 3)
    np.testing.assert_allclose(eyes.features(images), expected, rtol=1e-4, atol=1e-6)


def test_identity_is_that_of_weights_and_settings(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = perceptual.identity(file)
    assert before == perceptual.Eyes(file).identity
    assert len(before) == 12
    write_raw_alexnet(tmp_path, bias=0.2)
    assert perceptual.identity(tmp_path / "alexnet.ckpt") != before
    monkeypatch.setattr(perceptual, "SIDE", 100)
    assert perceptual.identity(file) != before


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
        ("infinite", r"\['Conv_4'\]\['bias'\] holds numbers that are not finite"),
    ],
)
def test_other_weights_are_refused(file: Path, tmp_path: Path, how: str, message: str) -> None:
    tree = pickle.loads(file.read_bytes())
    spoil(tree, how)
    bad = tmp_path / "bad.ckpt"
    content = pickle.dumps(tree, protocol=3)
    bad.write_bytes(content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    with pytest.raises(BadInput, match=f"bad.ckpt.*{message}") as refused:
        perceptual.Eyes(bad)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (2, 8, 8, 1), (2, 8, 8, 4), (8, 8, 3)])
def test_what_are_no_coloured_pictures_is_refused(eyes: perceptual.Eyes, shape: Any) -> None:
    with pytest.raises(BadInput, match=r"\(count, height, width, 3\)"):
        eyes.features(np.zeros(shape, np.float32))


def test_a_comparison_sees_through_these_eyes(eyes: perceptual.Eyes) -> None:
    block = EvaluateImages(
        samples=40,
        seeds=[1],
        neighbours=3,
        kernel_subsets=3,
        kernel_subset_size=20,
        accuracy_floor=0.9,
    )
    train = pictures(80, 32, 32, seed=2)
    comparison = judge.Comparison(eyes, pictures(40, 32, 32, seed=1), train, block)
    good = comparison.measure(pictures(40, 32, 32, seed=3), seed=1)
    bad = comparison.measure(pictures(40, 32, 32, seed=3)[..., ::-1], seed=1)
    assert good["frechet_distance"] < 0.1 * bad["frechet_distance"]
    assert good["coverage"] > 0.8 > bad["coverage"]
    assert comparison.measure(train[:40], seed=1)["nearest_train_ratio"] < 1e-3
    assert "digits_covered" not in good
