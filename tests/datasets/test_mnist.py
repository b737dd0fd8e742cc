from pathlib import Path

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.datasets import mnist
from generative.datasets.readers import digits
from tests.support.data import write_raw_mnist

COUNTS = {"train_count": 300, "validation_count": 100, "test_count": 100}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    write_raw_mnist(tmp_path)
    return tmp_path


def test_prepare_splits_off_the_end_of_train(raw: Path) -> None:
    arrays = mnist.prepare(raw, **COUNTS)
    images = digits.read_idx(raw / "train-images-idx3-ubyte", 3)
    assert arrays["train_images"].shape == (300, 28, 28, 1)
    assert arrays["train_images"].dtype == np.uint8
    np.testing.assert_array_equal(arrays["train_images"][..., 0], images[:300])
    np.testing.assert_array_equal(arrays["validation_images"][..., 0], images[300:])
    assert len(arrays["test_labels"]) == 100


def test_no_validation_digits_are_the_test_digits(
    raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays = mnist.prepare(raw, train_count=400, validation_count=0, test_count=100)
    assert len(arrays["train_images"]) == 400
    for name in ("images", "labels"):
        np.testing.assert_array_equal(arrays[f"validation_{name}"], arrays[f"test_{name}"])
    said = "prepare.mnist.validation_count: 0, so the validation digits are the test digits"
    assert said in capsys.readouterr().out


def test_binarize() -> None:
    grey, noise = np.array([0.0, 0.2, 0.5, 1.0]), np.array([0.0, 0.1, 0.6, 0.999])
    assert mnist.binarize(grey, "threshold", None).tolist() == [False, False, True, True]
    assert mnist.binarize(grey, "stochastic", noise).tolist() == [False, True, False, True]
    assert mnist.binarize(grey, "none", None) is grey


def test_the_stochastic_test_set_is_drawn_once(prepared_mnist: Path) -> None:
    def draw(split: str, seed: int) -> np.ndarray:
        return mnist.load(prepared_mnist, split, binarization="stochastic", binarization_seed=seed)[
            0
        ]

    assert set(np.unique(draw("test", 1))) == {0, 1}
    assert np.array_equal(draw("test", 1), draw("test", 1))
    assert not np.array_equal(draw("test", 1), draw("test", 2))
    assert not np.array_equal(draw("test", 1), draw("validation", 1))
    grey, _ = mnist.load(prepared_mnist, "test", binarization="none", binarization_seed=1)
    mean = np.mean([draw("test", seed) for seed in range(40)], axis=0)
    assert abs(mean - grey).mean() < 0.06


@pytest.mark.parametrize("binarization", ["none", "threshold", "stochastic"])
def test_batches(prepared_mnist: Path, binarization: mnist.Binarization) -> None:
    options = {"binarization": binarization, "binarization_seed": 1}

    def epochs(seed: int) -> list[list[np.ndarray]]:
        batches = mnist.batches(prepared_mnist, 64, seed, **options)  # type: ignore[arg-type]
        return [[images.numpy() for images, _ in batches.epoch(i)] for i in range(2)]

    first, second = epochs(seed=1)
    assert len(first) == 300 // 64
    assert first[0].shape == (64, 28, 28, 1)
    assert first[0].dtype == np.float32
    assert not np.array_equal(first[0], second[0])  # shuffled anew
    again = epochs(seed=1)
    assert all(
        np.array_equal(a, b) for a, b in zip(first + second, again[0] + again[1], strict=True)
    )
    assert not np.array_equal(first[0], epochs(seed=2)[0][0])


def test_stochastic_training_digits_are_redrawn(prepared_mnist: Path) -> None:
    batches = mnist.batches(prepared_mnist, 300, 1, binarization="stochastic", binarization_seed=1)
    sums = [np.concatenate([i.numpy() for i, _ in batches.epoch(e)]).sum() for e in range(2)]
    assert sums[0] != sums[1]


def test_not_prepared(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="run dvc repro prepare@mnist"):
        mnist.load(tmp_path, "test", binarization="none", binarization_seed=1)


def test_unknown_split(prepared_mnist: Path) -> None:
    with pytest.raises(BadInput, match="unknown split 'tset'; did you mean test"):
        mnist.load(prepared_mnist, "tset", binarization="none", binarization_seed=1)
