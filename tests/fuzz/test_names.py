"""Names and numbers that users choose: MLflow's, the command line's, and a journal's bytes."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow.utils.validation import _validate_metric_name, _validate_param_name
from typer.testing import CliRunner

from generative.cli.main import app
from generative.core import errors
from generative.core.errors import BadInput
from generative.style.checkpoint import EvaluationCheckpoint
from generative.tracking.store import named
from tests.support.fuzz import COUNTS, mutated, survives

pytestmark = pytest.mark.parametrize("count", COUNTS)


def text(generator: random.Random) -> str:
    """Any characters, or those that shells, paths and addresses are made of."""
    some = "aZ9 _-./:()[]{}$`'\"\\|&;<>*?!#%@~+=,\n\t\0星é\u0301\u202e😀"
    alphabet = some if generator.random() < 0.8 else [chr(c) for c in range(0x20, 0xD7FF, 97)]
    return "".join(generator.choices(alphabet, k=generator.choice((0, 1, 3, 10, 400))))


def test_names_of_mlflow(count: int) -> None:
    generator = random.Random(1)
    for _ in range(count):
        name = f"style.{text(generator)}"
        _validate_param_name(named(name))
        _validate_metric_name(named(name))


ARGUMENTS: dict[str, list[str]] = {
    "sample": ["cvae", "--count", "--seed", "--label", "--out", "--sweep", "--noise", "--force"],
    "predict": ["siamese", "--line", "--other", "--text", "--left"],
    "stylize": ["a.png", "b.png", "--out", "--size", "--preset", "--style-weight"],
    "fetch": ["mnits", "folder"],
    "params": ["check", "use", "smoke"],
    "register": ["cvae", "--alias"],
    "tune": ["separable", "--trials", "--workers"],
    "repro": ["--dry", "--profile", "--jobs", "train@cvae"],
}


def test_arguments(count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, so that nothing can be done: each is a line and a failing status."""
    monkeypatch.chdir(tmp_path)
    generator = random.Random(2)
    for _ in range(count):
        command = generator.choice(list(ARGUMENTS))
        known = generator.choices(ARGUMENTS[command], k=generator.randint(0, 4))
        given = [text(generator) if generator.random() < 0.3 else word for word in known]
        given += [generator.choice(["1", "-1", "1e9", "nan", str(2**70), text(generator)])]

        def call(arguments: tuple[str, ...] = (command, *given)) -> None:
            done = CliRunner().invoke(app, arguments)
            if isinstance(done.exception, Exception):
                raise BadInput(errors.refusal(done.exception))
            assert done.exit_code or "--help" in arguments, done.output

        survives(call, [command, *given])
    assert list(tmp_path.iterdir()) == []


def test_a_journal_of_style_transfer(count: int, tmp_path: Path) -> None:
    """Whatever its bytes are, the picture is the one that is computed."""
    file, generator = tmp_path / "journal", random.Random(3)

    def evaluate(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.array([picture.sum(), 1.0]), (picture * 2).astype(np.float32)

    def run() -> list[Any]:
        picture, found = np.arange(5.0), []
        with EvaluationCheckpoint(file, evaluate, terms=2, size=5) as checkpoint:
            for _ in range(6):
                terms, gradient = checkpoint(picture)
                picture = picture - 0.1 * gradient
                found += [*terms, *gradient]
        return found

    expected = run()
    whole = file.read_bytes()
    for _ in range(count):
        file.write_bytes(mutated(whole, generator))
        assert run() == expected
        assert file.read_bytes().startswith(whole)
