"""The layers of a model as text, and as a picture where graphviz can draw it."""

import shutil
from pathlib import Path

import keras
import pytest

from generative.plots.architecture import plot_architecture


def network() -> keras.Model:
    layers = [keras.layers.Input((3,)), keras.layers.Dense(4, name="first"), keras.layers.ReLU()]
    return keras.Sequential(layers)


def test_every_layer_with_its_weights_as_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    plot_architecture(network(), tmp_path, "encoder")
    assert [file.name for file in tmp_path.iterdir()] == ["encoder.txt"]
    text = (tmp_path / "encoder.txt").read_text()
    assert "first (Dense)" in text
    assert "(None, 4)" in text
    assert "16" in text


def test_where_dot_fails_there_is_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(model: keras.Model, file: Path, **options: object) -> None:
        file.write_text("half")
        raise AssertionError('"dot" returned code: -6')

    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/dot")
    monkeypatch.setattr(keras.utils, "plot_model", fail)
    plot_architecture(network(), tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["architecture.txt"]
    assert "architecture.png is left out: " in capsys.readouterr().out
