"""The pictures of a VAE, and the sliders through its latent plane."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageSequence

from generative.core.history import History
from generative.datasets.base.dataset import Prepared
from generative.vae.render import Render, latent_plane, render
from tests.support.vae import build_cvae

OPTIONS = Render(
    seed=1,
    rows=2,
    columns=4,
    plane_size=3,
    slider_plane=5,
    animation_columns=4,
    frames_per_second=4,
    frames="files",
)
# Architectures: pictures, or texts where graphviz is missing.
DRAWN = {"encoder", "decoder"}
PICTURES = {
    "samples.png": (4 * 30 + 2, 2 * 30 + 2),
    "reconstructions.png": (4 * 30 + 2, 2 * 30 + 2),
    "interpolations.png": (4 * 30 + 2, 2 * 30 + 2),
}


@pytest.mark.parametrize("latent_size", [2, 3])
def test_what_is_drawn(latent_size: int, prepared_mnist: Path, tmp_path: Path) -> None:
    options = {"binarization": "threshold", "binarization_seed": 1}
    data = Prepared("mnist", options, prepared_mnist)
    table = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0], "val_loss": [2.5, 1.5]})
    frames = np.random.default_rng(0).random((2, 8, 28, 28, 1), dtype=np.float32)
    History(table, frames, [], []).save(tmp_path / "history", {}, {})
    folder = tmp_path / "out"
    folder.mkdir()
    model = build_cvae(latent_size=latent_size)
    render(model, data, tmp_path / "history", OPTIONS, folder)
    plane = {"latent_plane.png", "sliders.png", "sliders.json"} if latent_size == 2 else set()
    assert {file.name for file in folder.iterdir() if file.stem not in DRAWN} == plane | {
        *PICTURES,
        "learning_curves.png",
        "latent_scatter.png",
        "latent_scatter.csv",
        "training.gif",
        "epochs",
    }
    assert {file.stem for file in folder.iterdir()} >= DRAWN
    assert sorted(file.name for file in (folder / "epochs").iterdir()) == ["000.png", "001.png"]
    for name, (width, height) in PICTURES.items():
        assert pixels(folder / name).shape[:2] == (2 * height, 2 * width), name
    with Image.open(folder / "training.gif") as animation:
        assert sum(1 for _ in ImageSequence.Iterator(animation)) == 2
        assert animation.size == (3 * (4 * 30 + 2), 3 * (2 * 30 + 2))
    if plane:
        assert pixels(folder / "latent_plane.png").shape == (3 * 28, 3 * 28)
        axes = json.loads((folder / "sliders.json").read_text())
        sheet = pixels(folder / "sliders.png").reshape(5, 28, 5, 28)
        assert [len(axis["values"]) for axis in axes] == [5, 5]
        expected = model.images(np.array([[axes[1]["values"][3], axes[0]["values"][1]]]))
        np.testing.assert_allclose(sheet[1, :, 3] / 255, expected[0, ..., 0], atol=0.01)


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as picture:
        return np.asarray(picture)


def test_each_place_of_the_plane_holds_the_image_that_its_axes_name() -> None:
    model = build_cvae()
    axes, images = latent_plane(model, 4)
    assert [axis["name"] for axis in axes] == ["code 2", "code 1"]
    code2, code1 = (axis["values"] for axis in axes)
    assert code2[0] > 0 > code1[0]
    assert code2 == code1[::-1]
    expected = model.generate(1, 1, code1=code1[3], code2=code2[1])[0]
    found = images.reshape(4, 4, *images.shape[1:])[1, 3]
    np.testing.assert_allclose(found, expected, atol=0.01)
