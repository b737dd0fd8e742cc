"""The command `generative tune`."""

import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from generative.cli.main import app
from generative.core import params, stopping
from generative.core.errors import BadInput
from generative.training.schema import Train
from generative.tuning import search
from tests.support.tuning import python


@pytest.fixture
def file(params_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The parameters of a project in an empty folder, in which the command runs."""
    monkeypatch.chdir(params_file.parent)
    return params_file


@pytest.fixture(autouse=True)
def not_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is this process that the command runs in."""
    monkeypatch.setattr(stopping, "watch", lambda: None)


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


def comments(text: str) -> list[str]:
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


@pytest.mark.slow
def test_the_command_applies_the_best(file: Path, tmp_path: Path, prepared_mnist: Path) -> None:
    text = file.read_text().replace("train_count: 10000", "train_count: 128")
    file.write_text(text)
    document = params.read_document(file)
    model = params.read("train.separable", Train, file).model
    shutil.copytree(prepared_mnist, tmp_path / "data" / "prepared" / "mnist")
    data = contents(tmp_path / "data")

    arguments = ["tune", "separable", "--trials", "3", "--apply"]
    program = (
        f"import sys; sys.argv[1:] = {arguments}\nfrom generative.cli.main import main; main()"
    )
    done = python("-c", program, folder=tmp_path)
    assert done.returncode == 0, done.stdout
    (line,) = [text for text in done.stdout.splitlines() if text.startswith("best of 3 trials: {")]
    best = yaml.safe_load(line.partition(": ")[2])
    assert list(best) == sorted(document["tune"]["separable"]["space"])
    assert best != {name: model[name] for name in best}
    for name, value in best.items():
        assert f"importance of {name}: 0." in done.stdout
        assert (f"changed train.separable.model.{name}" in done.stdout) is (value != model[name])

    assert contents(tmp_path / "data") == data
    document["train"]["separable"]["model"] |= {n: v for n, v in best.items() if v != model[n]}
    assert params.read_document(file) == document
    assert comments(file.read_text()) == comments(text)
    assert params.read("train.separable", Train, file).model == {**model, **best}
