import io
from pathlib import Path
from typing import Any

import keras
import pytest
from typer.testing import CliRunner

from generative.cli import sample_text
from generative.cli.main import app
from generative.core import saving
from generative.core.errors import BadInput
from generative.text.char_conv import CharConv

ARGUMENTS: dict[str, Any] = {
    "vocabulary": "\n abcdefgh",
    "width": 8,
    "kernel_size": 2,
    "blocks": 3,
    "dropout": 0.0,
    "optimizer": {"class_name": "Adam", "config": {"global_clipnorm": 1.0}},
    "learning_rate": 0.01,
    "learning_rate_decay": "none",
    "snapshot_prompt": "fixed",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    keras.utils.set_random_seed(1)
    model = CharConv(**ARGUMENTS)
    description = saving.Description("text/char_conv", ARGUMENTS, "shakespeare", {})
    saving.save(model, description, folder / "char_conv")
    return folder


def sample(*arguments: str, text: str = "") -> Any:
    return CliRunner().invoke(app, ["sample", *arguments], input=text)


def test_the_command_writes_what_the_model_does(models: Path) -> None:
    folder = models / "char_conv"
    options = ["--prompt", "abc", "--temperature", "0.7", "--characters", "50", "--top-k", "5"]
    done = sample(str(folder), *options, "--seed", "3")
    (text,) = saving.load(folder).generate(1, 3, "abc", 50, temperature=0.7, top_k=5)
    assert done.output == f"abc{text}\n"


def test_several_texts_and_a_prompt_from_standard_input(models: Path) -> None:
    folder = models / "char_conv"
    done = sample(str(folder), "--prompt", "-", "--characters", "20", "--count", "3", text="ab c\n")
    texts = saving.load(folder).generate(3, 1, "ab c", 20)
    assert done.output == sample_text.BETWEEN.join(f"ab c{text}" for text in texts) + "\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "a.png"], "--out: .* writes texts, it makes no images"),
        (["--label", "0"], "--label: .* writes texts"),
        (["--temperature", "-1"], "temperature: received -1.0"),
        (["--top-p", "1.5"], "top_p: received 1.5"),
        (["--prompt", "Xa"], "the prompt holds 'X', which the model never saw"),
        (["--prompt", "a" * 9], "the prompt has 9 characters, this model looks back at 8"),
    ],
)
def test_what_a_text_cannot_be_asked(models: Path, options: list[str], message: str) -> None:
    done = sample(str(models / "char_conv"), *options)
    assert done.exit_code == 1
    assert isinstance(done.exception, BadInput)
    with pytest.raises(BadInput, match=message):
        raise done.exception


def test_an_unknown_model_names_those_that_are_there(models: Path) -> None:
    with pytest.raises(BadInput, match="did you mean char_conv?"):
        sample_text.writes("char_con", models)


def test_a_prompt_that_is_no_utf8(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO("é".encode("latin-1")), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", stream)
    with pytest.raises(
        BadInput, match="--prompt: the standard input: line 1, column 1: .* is no UTF-8"
    ):
        sample_text.write("char_conv", 1, "-", models, seed=1)
