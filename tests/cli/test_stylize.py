"""The command `generative stylize`, on a small network."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from generative.cli.main import app
from generative.core.errors import BadInput
from generative.style import stylize as by_hand
from generative.style import memory
from generative.style.transfer import Transfer
from tests.style.conftest import waves


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pictures, and presets that take seconds."""
    waves(36, 60, seed=1).save(tmp_path / "content.png")
    waves(40, 40, seed=2).save(tmp_path / "style.png")
    # TensorFlow has started: what it computes with cannot be set any more.
    device = SimpleNamespace(precision="float32")
    monkeypatch.setattr(by_hand.runtime, "configure", lambda *arguments: device)
    presets = {"fast": ("adam", ((1.0, 2),)), "fine": ("lbfgs", ((0.8, 2), (1.0, 2)))}
    monkeypatch.setattr(by_hand, "PRESETS", presets)
    return tmp_path


@pytest.fixture
def call(folder: Path, network_folder: Path) -> Any:
    def call(*arguments: str, content: str = "content.png", out: str = "out.png") -> str:
        files = [str(folder / name) for name in (content, "style.png")]
        common = ["--out", str(folder / out), "--network", str(network_folder), "--size", "48"]
        command = ["stylize", *files, *common, *arguments]
        result = CliRunner().invoke(app, command, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return call


def test_a_picture_is_made(folder: Path, call: Any) -> None:
    assert "out.png: 4 evaluations" in call()
    with Image.open(folder / "out.png") as made:
        assert (made.mode, made.size) == ("RGB", (48, 32))
    with pytest.raises(BadInput, match="out.png exists; choose another name or add --force"):
        call()
    assert "2 evaluations" in call("--preset", "fast", "--original-colours", "--force")
    assert sorted(file.name for file in folder.iterdir()) == ["content.png", "out.png", "style.png"]


def test_alpha_is_kept_or_laid_over_white(folder: Path, call: Any) -> None:
    clear = waves(36, 60, seed=1)
    opaque = np.full((36, 60), 255, np.uint8)
    opaque[:, :30] = 0
    clear.putalpha(Image.fromarray(opaque))
    clear.save(folder / "clear.png")
    call("--preset", "fast", content="clear.png")
    with Image.open(folder / "out.png") as made:
        assert made.mode == "RGBA"
        alpha = np.asarray(made.getchannel("A"))
        assert alpha[:, :20].max() == 0
        assert alpha[:, 28:].min() == 255
    call("--preset", "fast", content="clear.png", out="out.jpg")
    with Image.open(folder / "out.jpg") as made:
        assert np.asarray(made)[:, :20].min() > 245
        assert np.asarray(made)[:, 28:].min() < 200


def test_interrupted_the_best_so_far_is_written(
    folder: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Transfer.run

    def interrupted(self: Transfer, watch: Any) -> None:
        def stop(row: Any, frame: Any) -> None:
            watch(row, frame)
            if row["evaluation"] == 3:
                raise KeyboardInterrupt

        run(self, stop)

    monkeypatch.setattr(Transfer, "run", interrupted)
    assert "3 evaluations, interrupted: the best so far" in call()
    with Image.open(folder / "out.png") as made:
        assert made.size == (48, 32)


def test_interrupted_before_there_is_any_nothing_is_written(
    folder: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Transfer, watch: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Transfer, "run", interrupted)
    with pytest.raises(BadInput, match="interrupted before there was a picture; nothing"):
        call()
    assert not (folder / "out.png").exists()


def test_what_cannot_be_made_is_said_before(
    folder: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="--out: received .*out.txt, must end in one of .png"):
        call(out="out.txt")
    with pytest.raises(BadInput, match="unknown preset 'fin'; did you mean fine"):
        call("--preset", "fin")
    with pytest.raises(BadInput, match="none.png is missing"):
        call(content="none.png")
    with pytest.raises(BadInput, match="content and style are the same picture"):
        call(content="style.png")
    with pytest.raises(BadInput, match="none holds no network; run dvc repro convert"):
        call("--network", str(folder / "none"))
    monkeypatch.setattr(memory, "free_bytes", lambda: 2**20)
    with pytest.raises(BadInput, match="--size: 40 x 40 pixels need about 1.1 GiB, 0.0 are free"):
        call()
    assert not (folder / "out.png").exists()
