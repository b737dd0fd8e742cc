"""The pictures of a classifier."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from generative.classifiers.render import Render, draw, render
from generative.core.history import History
from generative.datasets.base.dataset import Prepared
from tests.support.classifiers import build_classifier as build

OPTIONS = Render(mistakes=6, columns=3, bins=5)
PICTURES = {"reliability.png", "reliability.csv", "hardest.png", "learning_curves.png"}


@pytest.fixture
def history(tmp_path: Path) -> Path:
    folder = tmp_path / "history"
    table = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [2.5, 1.5]})
    History(table, np.empty((2, 0)), [], []).save(folder, {}, {})
    return folder


@pytest.fixture
def data(prepared_mnist: Path) -> Prepared:
    return Prepared("mnist", {"binarization": "none", "binarization_seed": 1}, prepared_mnist)


def test_without_graphviz_the_network_is_text(
    data: Prepared, history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    folder = tmp_path / "out"
    folder.mkdir()
    render(build("sequential"), data, history, OPTIONS, folder)
    assert {file.name for file in folder.iterdir()} == PICTURES | {"architecture.txt"}
    text = (folder / "architecture.txt").read_text()
    for name in ("convolution_1", "pooling_2", "dense", "logits", "(None, 11, 11, 64)"):
        assert name in text
    assert "225,034" in text


def test_the_network_is_a_picture_where_graphviz_is(
    data: Prepared, history: Path, tmp_path: Path
) -> None:
    if not shutil.which("dot"):
        pytest.skip("graphviz is not installed")
    folder = tmp_path / "out"
    folder.mkdir()
    render(build("inception"), data, history, OPTIONS, folder)
    both = {"architecture.png", "architecture.txt"}
    assert {file.name for file in folder.iterdir()} == PICTURES | both


def test_the_hardest_image_is_the_one_whose_label_is_least_probable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = np.arange(10)
    probabilities = np.full((10, 10), 0.02)
    probabilities[np.arange(10), labels] = 0.82
    probabilities[3] = np.roll(probabilities[3], 1)  # 3 is taken for a 4
    images = np.zeros((10, 28, 28, 1), np.float32)
    images[3] = 1
    drawn: dict[str, Any] = {}

    def captioned(pictures: np.ndarray, captions: list[str], columns: int) -> "Saved":
        drawn.update(pictures=pictures, captions=captions, columns=columns)
        return Saved()

    monkeypatch.setattr("generative.classifiers.render.curves.captioned", captioned)
    draw(images, labels, probabilities, OPTIONS, tmp_path)
    assert drawn["captions"][0] == "3 as 4"
    assert drawn["captions"][1:] == [f"{i} as {i}" for i in (0, 1, 2, 4, 5)]
    assert drawn["pictures"][0].min() == 1
    assert drawn["columns"] == 3


class Saved:
    """A picture that nobody looks at."""

    def save(self, *arguments: object, **options: object) -> None: ...
