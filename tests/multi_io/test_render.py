from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from generative.multi_io.render import SEPARATOR, Render, captioned_grid, render
from tests.support import multi_io


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """The history of a training of two epochs."""
    folder = tmp_path / "history"
    folder.mkdir()
    table = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [2.0, 1.5]})
    table.to_csv(folder / "history.csv", index=False)
    return folder


def test_texts_with_predictions_and_targets(
    prepared_passages: Path, history: Path, tmp_path: Path
) -> None:
    data = multi_io.prepared("passage", prepared_passages)
    model = multi_io.build("passage", data)
    render(model, data, history, Render(examples=3, columns=2), tmp_path)
    with Image.open(tmp_path / "learning_curves.png") as picture:
        assert picture.width > picture.height
    examples = (tmp_path / "examples.txt").read_text().removesuffix("\n").split(SEPARATOR)
    assert len(examples) == 3
    inputs, targets = data.load("test")
    for example, place in zip(examples, (0, (len(targets["year"]) - 1) // 2, -1), strict=True):
        passage, descriptions = example.split("\n\n")
        assert passage == model.display({n: array[[place]] for n, array in inputs.items()})[0]
        year, genre, edition = descriptions.splitlines()
        assert year.startswith("year: ")
        assert year.endswith(f"; it is {targets['year'][place]:.0f}")
        genres = model.class_names["genre"]
        assert genre.endswith(f" %); it is {genres[targets['genre'][place]]}")
        assert edition.startswith("edition: ")


def test_images_with_captions(prepared_views: Path, history: Path, tmp_path: Path) -> None:
    data = multi_io.prepared("stereo", prepared_views)
    model = multi_io.build("stereo", data)
    render(model, data, history, Render(examples=4, columns=2), tmp_path)
    assert not (tmp_path / "examples.txt").exists()
    images = np.zeros((4, 8, 16, 3), np.float32)
    with Image.open(tmp_path / "examples.png") as picture:
        assert picture.size == captioned_grid(images, [""] * 4, 2).size
