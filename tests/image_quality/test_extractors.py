"""The feature extractors that folders hold."""

import json
from pathlib import Path

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.core.folders import write_checksums
from generative.image_quality import extractors
from generative.image_quality.extractors import (
    AlexNetFeatures,
    DigitExtractor,
    DigitFeatures,
    predict_digits,
)
from tests.support.data import write_raw_alexnet
from tests.support.judge import write_judge

Array = np.ndarray


@pytest.fixture
def judge(tmp_path: Path) -> Path:
    write_judge(tmp_path)
    return tmp_path


def bars() -> Array:
    """An image of every digit, float32 [10, 28, 28, 1]: the column of the bar is the label."""
    images = np.zeros((10, 28, 28, 1), np.float32)
    for digit, image in enumerate(images):
        image[4:24, 4 + 2 * digit : 7 + 2 * digit] = 1
    return images


def test_a_judge_is_loaded(judge: Path) -> None:
    extractor = extractors.load(judge)
    assert isinstance(extractor, DigitFeatures)
    assert isinstance(extractor, DigitExtractor)
    probabilities = extractor.probabilities(bars())
    assert probabilities.dtype == np.float32
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert predict_digits(extractor, bars()).tolist() == list(range(10))
    features = extractor.features(bars())
    assert features.shape == (10, 12)
    assert features.dtype == np.float32
    assert len(np.unique(features, axis=0)) == 10


def test_alexnet_is_loaded(tmp_path: Path) -> None:
    write_raw_alexnet(tmp_path)
    extractor = extractors.load(tmp_path)
    assert isinstance(extractor, AlexNetFeatures)
    assert not isinstance(extractor, DigitExtractor)
    with pytest.raises(BadInput, match=f"extractor {extractor.identity} names no digits"):
        predict_digits(extractor, np.zeros((2, 32, 32, 3), np.float32))


def test_batches_change_nothing(judge: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extractor = DigitFeatures(judge)
    expected = extractor.features(bars()), extractor.probabilities(bars())
    monkeypatch.setattr(extractors, "DIGITS_BATCH", 3)
    np.testing.assert_allclose(extractor.features(bars()), expected[0], rtol=1e-5, atol=1e-6)
    found = extractor.probabilities(bars())
    np.testing.assert_allclose(found, expected[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", extractors.JUDGE)
def test_identity_is_that_of_all_files(judge: Path, tmp_path: Path, name: str) -> None:
    before = DigitFeatures(judge).identity
    assert len(before) == 12
    assert DigitFeatures(judge).identity == before
    file = judge / name
    file.write_bytes(file.read_bytes() + b" ")
    write_checksums(judge)
    assert DigitFeatures(judge).identity != before


def test_a_folder_without_an_extractor_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(BadInput, match=r"holds neither a judge of digits nor alexnet.ckpt"):
        extractors.load(tmp_path)


@pytest.mark.parametrize("name", extractors.JUDGE)
def test_a_judge_with_a_missing_file_is_refused(judge: Path, name: str) -> None:
    (judge / name).unlink()
    with pytest.raises(BadInput, match=f"{name} is missing; run dvc checkout") as refused:
        extractors.load(judge)
    assert "\n" not in str(refused.value)


LAMBDA = {
    "class_name": "Lambda",
    "module": "keras.layers",
    "config": {"name": "own", "function": {"class_name": "__lambda__", "config": {"code": "4w=="}}},
}


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[1]", *map(json.dumps, [{"class_name": "Nothing"}, LAMBDA])],
)
def test_a_description_of_no_network_is_refused(judge: Path, content: str) -> None:
    """Nor does one that holds code run it."""
    (judge / "features.json").write_text(content)
    write_checksums(judge)
    with pytest.raises(BadInput, match=r"features.json and its weights make no network \(") as no:
        extractors.load(judge)
    assert "\n" not in str(no.value)


def test_weights_of_another_network_are_refused(judge: Path) -> None:
    weights = (judge / "digits.weights.h5").read_bytes()
    for other in (weights, weights[:100]):
        (judge / "features.weights.h5").write_bytes(other)
        write_checksums(judge)
        with pytest.raises(BadInput, match=r"features.json and its weights make no network \("):
            extractors.load(judge)


@pytest.mark.parametrize("name", extractors.JUDGE)
def test_a_bit_that_is_another_is_found(judge: Path, name: str) -> None:
    content = bytearray((judge / name).read_bytes())
    content[len(content) // 2] ^= 1
    (judge / name).write_bytes(content)
    with pytest.raises(BadInput, match=f"{name} is damaged, or of another version"):
        extractors.load(judge)
