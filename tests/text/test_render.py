from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from generative.datasets.base.dataset import Prepared
from generative.text.render import SEPARATOR, Render, render
from tests.support.text import WINDOWS, build


def test_texts_of_each_temperature_and_epoch(tmp_path: Path) -> None:
    history = tmp_path / "history"
    history.mkdir()
    columns = ("bits_per_character", "accuracy", "val_bits_per_character", "val_accuracy")
    table = pd.DataFrame({"epoch": [1, 2], "loss": [3.0, 2.0], **dict.fromkeys(columns, 1.0)})
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
    assert epochs == ["epoch 1, a|b", "epoch 1, c|d", "epoch 2, e|f", "epoch 2, g|h"]
    with Image.open(tmp_path / "learning_curves.png") as picture:
        assert picture.format == "PNG"
