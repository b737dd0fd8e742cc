"""The digits in the snapshots of a training."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from generative.core.errors import BadInput
from generative.core.history import History
from generative.image_quality.digits_by_epoch import count_digits, write_digits_by_epoch
from tests.support.images import Quarters, UnnamedQuarters

# Images of one brightness each: what `Quarters` names them by.
NAMES = np.array([[0, 1, 1], [2, 2, 2]])
SNAPSHOTS = np.ones((2, 3, 28, 28, 1), np.float32) * ((NAMES + 0.5) / 10)[..., None, None, None]


def write_history(folder: Path, snapshots: np.ndarray) -> Path:
    History(pd.DataFrame({"epoch": [1, 2]}), snapshots, [], []).save(folder, {}, {})
    return folder


def test_they_are_counted() -> None:
    counts = count_digits(Quarters(), SNAPSHOTS)
    assert counts.tolist() == [[1, 2, *[0] * 8], [0, 0, 3, *[0] * 7]]


def test_they_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_history(tmp_path / "history", SNAPSHOTS.astype(np.float32))
    write_digits_by_epoch(Quarters(), run, tmp_path)
    table = pd.read_csv(tmp_path / "digits_by_epoch.csv")
    assert table["epoch"].tolist() == [0, 1]
    assert table["digit_1"].tolist() == [2, 0]
    assert table.columns[-1] == "digit_9"
    with Image.open(tmp_path / "digits_by_epoch.png") as picture:
        assert picture.width > picture.height
    assert "the last snapshots show no 0, 1, 3, 4, 5, 6, 7, 8, 9\n" in capsys.readouterr().out


def test_without_snapshots_nothing_is_written(tmp_path: Path) -> None:
    run = write_history(tmp_path / "history", np.empty(0))
    write_digits_by_epoch(Quarters(), run, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["history"]


def test_an_extractor_that_names_no_digits_is_refused() -> None:
    with pytest.raises(BadInput, match="names no digits"):
        count_digits(UnnamedQuarters(), SNAPSHOTS)
