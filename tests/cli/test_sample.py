"""`generative sample` of images: what is written, and the errors where nothing can be."""

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from generative.cli import sample_images
from generative.cli.main import app
from generative.core import saving
from generative.core.errors import BadInput
from generative.gan.acgan import ACGAN
from generative.gan.gan import GAN
from generative.gan.infogan import InfoGAN
from generative.vae.cvae import CVAE
from tests.support.classifiers import arguments as classifier_arguments
from tests.support.classifiers import build_classifier
from tests.support.gan import INFOGAN, OPTIONS
from tests.support.vae import CVAE_ARGUMENTS as CODED

SMALL = {
    **OPTIONS,
    "latent_size": 3,
    "latent": "normal",
    "generator_width": 2,
    "discriminator_width": 2,
    "dropout": 0.0,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GAN with labels, one without, and a classifier."""
    folder = tmp_path_factory.mktemp("data") / "models"
    keras.utils.set_random_seed(1)
    conditional: dict[str, Any] = {
        **SMALL,
        "hidden_activation": "relu",
        "classification_weight": 1.0,
    }
    plain: dict[str, Any] = {**SMALL, "architecture": "one_logit"}
    info: dict[str, Any] = {**INFOGAN, "dense_width": 8}
    for key, model, arguments in (
        ("acgan", ACGAN(**conditional), conditional),
        ("gan_minimax", GAN(**plain), plain),
        ("infogan", InfoGAN(**info), info),
        ("cvae", CVAE(**CODED), CODED),
    ):
        family = "vae" if key == "cvae" else "gan"
        network = f"{family}/{key.partition('_')[0]}"
        saving.save(model, saving.Description(network, arguments, "mnist", {}), folder / key)
    classifier = saving.Description(
        "classifiers/separable", classifier_arguments("separable"), "mnist", {}
    )
    saving.save(build_classifier("separable"), classifier, folder / "separable")
    measured = folder.parent / "disentanglement" / "infogan"
    measured.mkdir(parents=True)
    digits = {str(digit): (digit + 3) % 10 for digit in range(10)}
    codes = {"digits": digits, "thickness": None, "slant": {"code": "code2", "sign": -1}}
    (measured / "codes.json").write_text(json.dumps(codes))
    return folder


def sample(models: Path, out: Path, model: str = "acgan", **changes: Any) -> list[str]:
    names = ("count", "seed", "noise", "sweep", "force")
    arguments = {"count": 5, "seed": 1} | {n: changes.pop(n) for n in names if n in changes}
    return sample_images.sample(model, out=out, models=models, wanted=changes, **arguments)


def arrays(models: Path, file: Path, model: str, **changes: Any) -> np.ndarray:
    """What is written for a request."""
    sample(models, file, model, force=True, **changes)
    with np.load(file) as written:
        return written["images"]


def test_controls_of_an_infogan(models: Path, tmp_path: Path) -> None:
    model, file = saving.load(models / "infogan"), tmp_path / "all.npz"
    for wanted, meant in (
        ({"label": 4}, {"labels": 4}),
        ({"digit": 4}, {"labels": 7}),
        ({"slant": 0.5}, {"code2": -0.5}),
        ({"code1": -0.25, "digit": 8}, {"code1": -0.25, "labels": 1}),
    ):
        found = arrays(models, file, "infogan", **wanted)
        np.testing.assert_allclose(found, model.generate(5, 1, **meant), atol=1e-6)


def test_controls_of_an_autoencoder(models: Path, tmp_path: Path) -> None:
    found = arrays(models, tmp_path / "all.npz", "cvae", code1=1.0, code2=-1.5)
    expected = saving.load(models / "cvae").images(np.tile(np.array([1, -1.5], np.float32), (5, 1)))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_sweep_changes_one_thing(models: Path, tmp_path: Path) -> None:
    model, file = saving.load(models / "infogan"), tmp_path / "all.npz"
    found = arrays(models, file, "infogan", digit=2, sweep="slant")
    assert found.shape == (5, sample_images.PLACES, 28, 28, 1)
    for place, value in enumerate(np.linspace(2, -2, sample_images.PLACES)):
        expected = model.generate(5, 1, labels=5, code2=value)
        np.testing.assert_allclose(found[:, place], expected, atol=1e-6)
    # A value of what is swept makes no difference.
    np.testing.assert_array_equal(
        arrays(models, file, "infogan", digit=5, slant=1.0, sweep="slant"),
        arrays(models, file, "infogan", digit=5, sweep="slant"),
    )
    digits = arrays(models, file, "infogan", code1=0.0, sweep="digit")
    expected = model.generate(5, 1, labels=2, code1=0.0)
    np.testing.assert_allclose(digits[:, 9], expected, atol=1e-6)


def test_one_noise(models: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.npz"
    same = arrays(models, file, "infogan", digit=2, slant=0.0, code1=0.5, noise=3)
    # Not to the last bit: that can depend on the place in the batch.
    assert np.ptp(same, axis=0).max() < 1e-6
    other = arrays(models, file, "infogan", digit=2, slant=0.0, code1=0.5, noise=4)
    assert np.abs(same - other).max() > 1e-4
    # The codes are no noise.
    assert np.ptp(arrays(models, file, "infogan", digit=2, noise=3), axis=0).max() > 1e-4
    model = saving.load(models / "acgan")
    noise, _ = model.latents(1, 3)
    expected = model.images(np.repeat(noise, 5, axis=0), np.arange(5))
    np.testing.assert_allclose(arrays(models, file, "acgan", noise=3), expected, atol=1e-6)


def test_animations_and_pictures_of_sweeps(models: Path, tmp_path: Path) -> None:
    sample(models, tmp_path / "sweep.gif", "infogan", sweep="slant", count=3)
    with Image.open(tmp_path / "sweep.gif") as animation:
        assert (getattr(animation, "n_frames", 1), animation.size) == (
            sample_images.PLACES,
            (124, 124),
        )
    sample(models, tmp_path / "sweep.png", "infogan", sweep="slant", count=3)
    with Image.open(tmp_path / "sweep.png") as picture:
        assert picture.size == (2 * (30 * sample_images.PLACES + 2), 2 * (30 * 3 + 2))


def test_beyond_the_trained_range(models: Path, tmp_path: Path) -> None:
    assert not sample(models, tmp_path / "a.png", "infogan", slant=-1.0)
    (warning,) = sample(models, tmp_path / "b.png", "infogan", slant=-1.5)
    assert warning == "--slant -1.5 is beyond the range from -1 to 1 that was trained"
    (warning,) = sample(models, tmp_path / "c.png", "cvae", code2=4.0)
    assert "from -2 to 2" in warning
    for value in (2.001, float("nan")):
        with pytest.raises(BadInput, match=r"--code1: received .*; must be -2 to 2"):
            sample(models, tmp_path / "d.png", "infogan", code1=value)


def test_written_arrays(models: Path, tmp_path: Path) -> None:
    sample(models, tmp_path / "new" / "all.npz")
    with np.load(tmp_path / "new" / "all.npz") as written:
        images = written["images"]
    model = saving.load(models / "acgan")
    np.testing.assert_allclose(images, model.generate(5, 1), atol=1e-6)
    sample(models, tmp_path / "threes.npz", label=3)
    with np.load(tmp_path / "threes.npz") as written:
        np.testing.assert_allclose(written["images"], model.generate(5, 1, 3), atol=1e-6)
    # A folder will do as well as a key.
    sample(tmp_path, tmp_path / "folder.npz", model=str(models / "acgan"))
    with np.load(tmp_path / "folder.npz") as written:
        np.testing.assert_allclose(written["images"], images, atol=1e-6)


def test_an_animation_shows_a_sweep(models: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="an animation shows a sweep, name one with --sweep"):
        sample(models, tmp_path / "all.gif")


def test_an_infogan_that_was_not_measured(models: Path, tmp_path: Path) -> None:
    shutil.copytree(models / "infogan", tmp_path / "models" / "infogan")
    with pytest.raises(BadInput, match="run dvc repro disentanglement: it measures"):
        sample(tmp_path / "models", tmp_path / "out.png", "infogan", digit=3)


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
        (
            {"label": 3, "model": "gan_minimax"},
            "--label: gan_minimax does not have it; it has no control but --noise",
        ),
        ({"slant": 1.0}, "--slant: acgan does not have it; it has --label$"),
        ({"digit": 3, "model": "cvae"}, "--digit: cvae .*; it has --code1, --code2$"),
        ({"digit": 10, "model": "infogan"}, "--digit: received 10, must be 0 to 9"),
        (
            {"thickness": 0.5, "model": "infogan"},
            "--thickness: infogan .*found none.*; it has --code1, --code2, --label, --digit, --sl",
        ),
        ({"sweep": "size", "model": "infogan"}, "--size: infogan does not have it"),
        ({"slant": 1.0, "code2": 0.0, "model": "infogan"}, "another option sets code2 already"),
        ({"slant": 1.0, "sweep": "code2", "model": "infogan"}, "another option sets code2"),
        ({"model": "separable"}, "separable generates no images: classifiers/separable"),
        ({"model": "acgna"}, "unknown trained model 'acgna'; did you mean acgan?"),
        ({"model": "zzz"}, "unknown trained model 'zzz'; known: acgan, cvae, gan_minimax, info"),
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
    with pytest.raises(BadInput, match="must end in .png, .gif, .npz"):
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
def test_a_file_is_complete_or_as_it_was(
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
