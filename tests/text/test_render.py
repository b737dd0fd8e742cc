from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from generative.core.errors import BadInput
from generative.datasets.base.dataset import Prepared
from generative.text.render import SEPARATOR, Render, line_of, render
from tests.support.text import WINDOWS, build


def test_texts_of_each_temperature_and_epoch(tmp_path: Path) -> None:
    history = tmp_path / "history"
    history.mkdir()
    columns = ("bits_per_character", "accuracy", "val_bits_per_character", "val_accuracy")
    table = pd.DataFrame({"epoch": [1], "loss": [3.0], **dict.fromkeys(columns, 1.0)})
    table.to_csv(history / "history.csv", index=False)
    np.savez(history / "snapshots.npz", frames=np.array([["a|b", "c|d"], ["e|f", "g|h"]]))
    model = build("gru")
    options = Render(seed=1, texts=2, characters=20, temperatures=[0.0, 1.0], prompt="abc")
    render(model, Prepared("shakespeare", WINDOWS, tmp_path), history, options, tmp_path)
    for temperature in options.temperatures:
        text = (tmp_path / f"temperature_{temperature}.txt").read_text()
        generated = model.generate(2, 1, "abc", 20, temperature=temperature)
        assert text == SEPARATOR.join(f"abc{own}" for own in generated) + "\n"
    epochs = (tmp_path / "training.txt").read_text().removesuffix("\n").split(SEPARATOR)
    assert epochs == ["epoch 0, a|b", "epoch 0, c|d", "epoch 1, e|f", "epoch 1, g|h"]
    with Image.open(tmp_path / "learning_curves.png") as picture:
        assert picture.format == "PNG"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("of a word\nA whole line\nanother", "A whole line\n"),
        ("a\n\n\nb\nc", "b\n"),
        ("星夜\n" + "字" * 100 + "\n", "字" * 60),
        ("no end of line", "no end of line"),
        ("only\nthe last", "only\nthe last"),
    ],
)
def test_a_prompt_that_any_text_has(text: str, line: str) -> None:
    assert line_of(text) == line


def test_a_prompt_that_the_text_lacks_names_the_parameter(
    prepared_shakespeare: Path, tmp_path: Path
) -> None:
    options = Render(seed=1, texts=1, characters=5, temperatures=[1.0], prompt="\u661f")
    history = tmp_path / "history"
    history.mkdir()
    columns = ("bits_per_character", "accuracy", "val_bits_per_character", "val_accuracy")
    pd.DataFrame({"epoch": [1, 2], **dict.fromkeys(columns, 1.0)}).to_csv(history / "history.csv")
    data = Prepared("shakespeare", WINDOWS, prepared_shakespeare)
    with pytest.raises(BadInput, match=r"render.text.prompt: the prompt holds '\u661f', which"):
        render(build("gru"), data, history, options, tmp_path)
