"""What the stage writes, and what it says of arguments that cannot be."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from generative.core import params, runtime, saving
from generative.core.errors import BadInput
from generative.core.folders import CHECKSUMS
from generative.core.history import History
from generative.pipeline import overlay
from generative.training import fit
from generative.training.schema import Train
from stages import train
from tests.support.workspace import TINY


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with shrunk parameters, where nothing is tracked."""
    file = tmp_path / "params.yaml"
    file.write_text(params.PATH.read_text())
    overlay.use(TINY, file)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENERATIVE_TRACKING", "off")
    device = runtime.Device("CPU", "float32", False, "statistical", tf.distribute.get_strategy())
    monkeypatch.setattr(runtime, "configure", lambda *_: device)
    return tmp_path


def link_prepared(project: Path, key: str, prepared: Path) -> None:
    """Prepared data where the stage looks for it."""
    (project / "data" / "prepared").mkdir(parents=True)
    (project / "data" / "prepared" / key).symlink_to(prepared)


@pytest.mark.parametrize(
    ("key", "model", "message"),
    [
        ("dcgan", {"height": 20}, "model.height: received 20, must be a multiple of 2.depth"),
        ("dcgan", {"batch_normalization": "both"}, "model.batch_normalization: both does not go"),
        (
            "acgan",
            {"objective": "wasserstein", "real_target": 0.9},
            "model.objective: wasserstein has no labels to smooth",
        ),
    ],
)
def test_arguments_that_do_not_go_together_are_named_as_in_the_file(
    project: Path, request: pytest.FixtureRequest, key: str, model: dict[str, Any], message: str
) -> None:
    overlay.change({"train": {key: {"model": model}}}, Path("test"))
    dataset = params.read(f"train.{key}", Train).dataset
    link_prepared(project, dataset, request.getfixturevalue(f"prepared_{dataset}"))
    with pytest.raises(BadInput, match=rf"^train.{key}.{message}"):
        train.main([key])
    assert not (project / "data" / "models").exists()


def test_images_of_another_size_are_named_before_training(
    project: Path, prepared_pictures: Path
) -> None:
    link_prepared(project, "pictures", prepared_pictures)
    overlay.change({"train": {"dcgan": {"model": {"height": 24}}}}, Path("test"))
    with pytest.raises(BadInput, match="holds images of 16 x 24 x 3, this network takes 24 x 24"):
        train.main(["dcgan"])


@pytest.mark.parametrize("warnings", [[], ["epoch 1: first", "epoch 2: second"]])
def test_what_is_written(
    project: Path, prepared_mnist: Path, monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    link_prepared(project, "mnist", prepared_mnist)
    table = pd.DataFrame({"epoch": [1, 2], "generator": [0.5, 0.25]})
    frames = np.linspace(0, 1, 2 * 3 * 4).reshape(2, 3, 2, 2, 1)
    monkeypatch.setattr(fit, "fit", lambda *_: History(table, frames, [], warnings))
    train.main(["gan_minimax"])
    model, history = (project / "data" / kind / "gan_minimax" for kind in ("models", "history"))
    assert {file.name for file in model.iterdir()} == {
        "model.json",
        "model.weights.h5",
        "signature.json",
        CHECKSUMS,
    }
    assert {file.name for file in history.iterdir()} == {
        "history.csv",
        "machine.json",
        "params.json",
        "snapshots.npz",
        *(["warnings.txt"] if warnings else []),
    }
    if warnings:
        text = (history / "warnings.txt").read_text()
        assert text == "epoch 1: first\nepoch 2: second\n"
    assert saving.describe(model).network == "gan/gan"
    kept = np.load(history / "snapshots.npz")["frames"]
    assert (kept.dtype, kept.min(), kept.max()) == (np.uint8, 0, 255)


@pytest.mark.parametrize(
    ("key", "asked", "given"),
    [
        ("cvae", "auto", "auto"),
        ("vae", "auto", "float32"),
        ("dcgan", "auto", "float32"),
        ("vae", "bfloat16", "bfloat16"),
        ("cvae", "float32", "float32"),
    ],
)
def test_auto_leaves_the_choice_to_the_network(
    project: Path, monkeypatch: pytest.MonkeyPatch, key: str, asked: str, given: str
) -> None:
    received: list[str] = []

    def configure(options: Any, seed: int, precision: str) -> None:
        received.append(precision)
        raise BadInput("enough")

    monkeypatch.setattr(runtime, "configure", configure)
    overlay.change({"train": {key: {"precision": asked}}}, Path("test"))
    with pytest.raises(BadInput, match="enough"):
        train.main([key])
    assert received == [given]
