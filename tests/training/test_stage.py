"""What the stage writes, and what it says of arguments that cannot be."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.training import fit as training
from generative.training.schema import Train
from generative.core.errors import BadInput
from stages import train
from tests.conftest import TINY


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with shrunk parameters, where nothing is tracked."""
    file = tmp_path / "params.yaml"
    file.write_text(params.PATH.read_text())
    params.use(TINY, file)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GENERATIVE_TRACKING", "off")
    device = runtime.Device("CPU", "float32", False, "statistical", tf.distribute.get_strategy())
    monkeypatch.setattr(runtime, "configure", lambda *_: device)
    return tmp_path


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
    params.change({"train": {key: {"model": model}}}, Path("test"))
    dataset = params.read(f"train.{key}", Train).dataset
    prepared = request.getfixturevalue(f"prepared_{dataset}")
    with pytest.raises(BadInput, match=rf"^train.{key}.{message}"):
        train.main([key, str(prepared), "out"])
    assert not (project / "out").exists()


def test_images_of_another_size_are_told_before_training(
    project: Path, prepared_pictures: Path
) -> None:
    params.change({"train": {"dcgan": {"model": {"height": 24}}}}, Path("test"))
    with pytest.raises(BadInput, match="holds images of 16 x 24 x 3, this network takes 24 x 24"):
        train.main(["dcgan", str(prepared_pictures), "out"])


@pytest.mark.parametrize("concerns", [[], ["epoch 1: first", "epoch 2: second"]])
def test_what_is_written(
    project: Path, prepared_mnist: Path, monkeypatch: pytest.MonkeyPatch, concerns: list[str]
) -> None:
    history = pd.DataFrame({"epoch": [1, 2], "generator": [0.5, 0.25]})
    frames = np.linspace(0, 1, 2 * 3 * 4).reshape(2, 3, 2, 2, 1)
    course = training.Course(history, frames, [], concerns)
    monkeypatch.setattr(training, "fit", lambda *_: course)
    train.main(["gan_minimax", str(prepared_mnist), "out"])
    names = {"model.json", "model.weights.h5", "history.csv", "snapshots.npz"}
    assert {file.name for file in (project / "out").iterdir()} == names | (
        {"concerns.txt"} if concerns else set()
    )
    if concerns:
        text = (project / "out" / "concerns.txt").read_text()
        assert text == "epoch 1: first\nepoch 2: second\n"
    assert saving.describe(project / "out").network == "models/gan"
    kept = np.load(project / "out" / "snapshots.npz")["frames"]
    assert (kept.dtype, kept.min(), kept.max()) == (np.uint8, 0, 255)
