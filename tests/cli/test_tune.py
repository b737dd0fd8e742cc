"""The command `generative tune`."""

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from generative.cli.main import app
from generative.core import params
from generative.core.errors import BadInput
from generative.training.schema import Train
from generative.tuning import search
from tests.support.tuning import python


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parameters of a project in an empty folder, in which the command runs."""
    copy = tmp_path / "params.yaml"
    copy.write_text(params.PATH.read_text())
    monkeypatch.chdir(tmp_path)
    return copy


def tune(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["tune", "separable", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_small_numbers_are_written_so_that_they_can_be_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "tracked", lambda _: nullcontext())
    monkeypatch.setattr(search.Search, "best", lambda _: {"learning_rate": 0.00003})
    monkeypatch.setattr(search.Search, "importance", lambda _: {"learning_rate": 1.0})
    assert "changed train.separable.model.learning_rate" in tune("--apply")
    assert params.read("train.separable", Train, file).model["learning_rate"] == 0.00003


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--trials", "1"], "tune.separable.trials: received 1, must be greater than or equal"),
        (["--trials", "0"], "tune.separable.trials: received 0, must be greater than or equal"),
        (["--workers", "0"], "tune.separable.workers: received 0, must be greater than or equal"),
        ([], "data/prepared/mnist is missing; run dvc pull, then dvc repro"),
    ],
)
def test_a_command_that_cannot_be(
    arguments: list[str],
    expected: str,
    file: Path,
) -> None:
    with pytest.raises(BadInput, match=expected) as failure:
        tune(*arguments)
    assert "\n" not in str(failure.value)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_command_applies_the_best(file: Path, tmp_path: Path, prepared_mnist: Path) -> None:
    document = yaml.safe_load(file.read_text())
    document["tune"]["separable"] |= {"trials": 2, "train_count": 128}
    file.write_text(yaml.safe_dump(document))
    before = file.read_text().splitlines()
    prepared = tmp_path / "data/prepared/mnist"
    prepared.mkdir(parents=True)
    (prepared / "mnist.npz").write_bytes((prepared_mnist / "mnist.npz").read_bytes())
    data = contents(tmp_path / "data")

    command = Path(sys.executable).with_name("generative")
    done = python(command, "tune", "separable", "--trials", 3, "--apply", folder=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "best of 3 trials: {" in done.stdout
    for name in document["tune"]["separable"]["space"]:
        assert f"importance of {name}: 0." in done.stdout
        assert f"changed train.separable.model.{name}" in done.stdout

    assert contents(tmp_path / "data") == data
    after = file.read_text().splitlines()
    changed = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 3
    (line,) = [text for text in done.stdout.splitlines() if text.startswith("best of")]
    best = yaml.safe_load(line.partition(": ")[2])
    model = document["train"]["separable"]["model"]
    assert params.read("train.separable", Train, file).model == {**model, **best}
