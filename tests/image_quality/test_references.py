"""The features of the real images: measured once, and the same when they are read again."""

from pathlib import Path

import numpy as np
import pytest

from generative.core.errors import BadInput
from generative.image_quality.references import RealFeatures
from tests.support.images import Quarters, UnnamedQuarters, digits


@pytest.mark.parametrize("accuracy_floor", [None, 0.5])
def test_they_are_read_as_they_were_written(accuracy_floor: float | None, tmp_path: Path) -> None:
    real = RealFeatures.measure(Quarters(), digits(80, 2)[0], digits(20, 1), accuracy_floor, 30)
    real.save(tmp_path)
    read = RealFeatures.load(tmp_path)
    assert vars(read).keys() == vars(real).keys()
    for name, value in vars(real).items():
        found = getattr(read, name)
        assert type(found) is type(value), name
        np.testing.assert_array_equal(found, value)
    assert (read.predicted is None) == (accuracy_floor is None)
    assert len(read.test) == len(read.labels) == 20
    assert len(read.train) == 80
    first = (tmp_path / "features.npz").read_bytes()
    real.save(tmp_path)
    assert (tmp_path / "features.npz").read_bytes() == first


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"features.npz is missing; run dvc repro references$"):
        RealFeatures.load(tmp_path)


def test_a_judge_of_low_accuracy_is_refused() -> None:
    extractor, (test, _), (train, _) = Quarters(), digits(20, 1), digits(200, 2)
    predicted = extractor.probabilities(test).argmax(axis=1)
    RealFeatures.measure(extractor, train, (test, predicted), 1.0, 30)
    wrong = (predicted + (np.arange(20) < 5)) % 10
    with pytest.raises(BadInput, match=r"names 75.00% of the test digits, .* asks for 90.00%"):
        RealFeatures.measure(extractor, train, (test, wrong), 0.9, 30)


def test_an_accuracy_of_what_names_no_digits_is_refused() -> None:
    with pytest.raises(BadInput, match="extractor quarters names no digits"):
        RealFeatures.measure(UnnamedQuarters(), digits(80, 2)[0], digits(20, 1), 0.0, 30)
