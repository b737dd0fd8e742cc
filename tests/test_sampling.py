"""Samples by hand: what is written, and what is said where nothing can be."""

import errno
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from generative import sampling, saving
from generative.cli import app
from generative.errors import BadInput
from generative.models.acgan import ACGAN
from generative.models.gan import GAN
from generative.topologies.ensemble import Ensemble
from tests.families.test_adversarial import OPTIONS
from tests.topologies.test_ensemble import ARGUMENTS

SMALL = {
    **OPTIONS,
    "latent_size": 3,
    "generator_width": 2,
    "discriminator_width": 2,
    "dropout": 0.0,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GAN with labels, one without, and a judge."""
    folder = tmp_path_factory.mktemp("data") / "models"
    keras.utils.set_random_seed(1)
    conditional: dict[str, Any] = {**SMALL, "classification_weight": 1.0}
    for key, model, arguments in (
        ("acgan", ACGAN(**conditional), conditional),
        ("gan_minimax", GAN(**SMALL), SMALL),
    ):
        network = f"models/{key.partition('_')[0]}"
        saving.save(model, saving.Card(network, arguments, "mnist", {}), folder / key)
    card = saving.Card("topologies/ensemble", ARGUMENTS, "mnist", {})
    saving.save(Ensemble(**ARGUMENTS), card, folder / "ensemble")
    return folder


def sample(models: Path, out: Path, model: str = "acgan", **changes: Any) -> None:
    arguments = {"count": 5, "seed": 1, "label": None, **changes}
    sampling.sample(model, out=out, models=models, **arguments)


def test_arrays(models: Path, tmp_path: Path) -> None:
    sample(models, tmp_path / "new" / "all.npz")
    with np.load(tmp_path / "new" / "all.npz") as arrays:
        images = arrays["images"]
    model = saving.load(models / "acgan")
    assert np.array_equal(images, model.generate(5, 1))
    sample(models, tmp_path / "threes.npz", label=3)
    with np.load(tmp_path / "threes.npz") as arrays:
        assert np.array_equal(arrays["images"], model.generate(5, 1, 3))
    # A folder will do as well as a key.
    sample(tmp_path, tmp_path / "folder.npz", model=str(models / "acgan"))
    with np.load(tmp_path / "folder.npz") as arrays:
        assert np.array_equal(arrays["images"], images)


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 1, 1), (5, 2, 3), (9, 3, 3)])
def test_a_picture_of_them_all(
    models: Path, tmp_path: Path, count: int, rows: int, columns: int
) -> None:
    sample(models, tmp_path / "samples.png", count=count)
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.size == (2 * (30 * columns + 2), 2 * (30 * rows + 2))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": 10}, "labels: received 10, must be 0 to 9"),
        ({"label": -1}, "labels: received -1, must be 0 to 9"),
        ({"label": 3, "model": "gan_minimax"}, "--label: gan_minimax knows no labels"),
        ({"model": "ensemble"}, "ensemble generates nothing: topologies/ensemble"),
        ({"model": "acgna"}, "unknown trained model 'acgna'; did you mean acgan?"),
        ({"model": "zzz"}, "unknown trained model 'zzz'; known: acgan, gan_minimax$"),
    ],
)
def test_what_a_model_cannot(
    models: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        sample(models, tmp_path / "out.png", **changes)
    assert not list(tmp_path.iterdir())


def test_nothing_is_trained_yet(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no trained model; run dvc repro train@acgan"):
        sample(tmp_path / "models", tmp_path / "out.png")


@pytest.mark.parametrize("name", ["out.jpg", "out", "out.png.gz"])
def test_a_file_of_another_kind(models: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="must end in .png or .npz"):
        sample(models, tmp_path / name)


def test_a_file_that_is_there(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    out.write_text("dear")
    with pytest.raises(BadInput, match="out.png exists; choose another name or add --force"):
        sample(models, out)
    assert out.read_text() == "dear"
    sample(models, out, force=True)
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["out.png", "out.npz"])
def test_a_file_is_whole_or_as_it_was(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    out = tmp_path / name
    out.write_text("dear")

    def full(file: Any, *_: Any, **__: Any) -> None:
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    monkeypatch.setattr(Image.Image, "save", lambda self, *arguments: full(*arguments))
    with pytest.raises(OSError, match="No space left"):
        sample(models, out, force=True)
    assert out.read_text() == "dear"
    assert list(tmp_path.iterdir()) == [out]


def test_the_command(models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").symlink_to(models.parent)
    monkeypatch.chdir(tmp_path)
    arguments = ["sample", "acgan", "--label", "3", "--count", "4", "--out", "threes.png"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("4 samples of acgan: threes.png\n")
    with Image.open("threes.png") as picture:
        assert picture.size == (124, 124)
    refused = CliRunner().invoke(app, ["sample", "acgan", "--count", "0", "--out", "none.png"])
    assert refused.exit_code != 0
    assert not Path("none.png").exists()
