"""The command `generative stylize`, on a small network."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from generative.cli.main import app
from generative.core import runtime
from generative.core.errors import BadInput
from generative.style import memory, stylize
from generative.style.transfer import Transfer
from tests.support.style import VALUES, waves, write_network


@pytest.fixture(scope="module")
def network_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("networks") / "vgg16")


@pytest.fixture
def folder(
    tmp_path: Path,
    network_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Two pictures, and presets that take seconds."""
    waves(36, 60, seed=1).save(tmp_path / "content.png")
    waves(40, 40, seed=2).save(tmp_path / "style.png")
    # TensorFlow has started: what it computes with cannot be set any more.
    device = SimpleNamespace(precision="float32")
    monkeypatch.setattr(runtime, "configure", lambda *arguments: device)
    monkeypatch.setitem(stylize.PRESETS, "fast", ("adam", [(1.0, 2)]))
    scales = [{"longest_side": side, "evaluations": 2} for side in (80, 100)]
    document = {
        "runtime": {"determinism": True, "threads": 0, "xla": "auto"},
        "defaults": {"style": {**VALUES, "scales": scales, "network": str(network_folder)}},
    }
    project = tmp_path_factory.mktemp("project")
    (project / "params.yaml").write_text(yaml.safe_dump(document))
    monkeypatch.chdir(project)
    return tmp_path


@pytest.fixture
def call(folder: Path) -> Any:
    def call(*arguments: str, content: str = "content.png", out: str = "out.png") -> str:
        files = [str(folder / name) for name in (content, "style.png")]
        command = ["stylize", *files, "--out", str(folder / out), "--size", "48", *arguments]
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


def test_options_of_the_command_change_the_picture(
    folder: Path, call: Any, network_folder: Path
) -> None:
    def pixels(*arguments: str) -> bytes:
        call("--preset", "fast", "--force", *arguments)
        with Image.open(folder / "out.png") as made:
            return made.tobytes()

    plain = pixels()
    assert pixels("--style-weight", str(VALUES["style_weight"])) == plain
    assert pixels("--network", str(network_folder)) == plain
    assert pixels("--style-weight", "0.001") != plain
    assert pixels("--original-colours") != plain


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


def test_an_interrupted_run_writes_the_best_so_far(
    folder: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Transfer.run

    def interrupted(self: Transfer, callback: Any) -> None:
        def stop(row: Any, frame: Any) -> None:
            callback(row, frame)
            if row["evaluation"] == 3:
                raise KeyboardInterrupt

        run(self, stop)

    monkeypatch.setattr(Transfer, "run", interrupted)
    assert "3 evaluations, interrupted: the best so far" in call()
    with Image.open(folder / "out.png") as made:
        assert made.size == (48, 32)


def test_a_run_interrupted_before_its_first_picture_writes_nothing(
    folder: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Transfer, callback: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Transfer, "run", interrupted)
    with pytest.raises(BadInput, match="interrupted before there was a picture; nothing"):
        call()
    assert not (folder / "out.png").exists()


def test_bad_input_is_refused_before_anything_is_computed(
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
    with pytest.raises(BadInput, match="none holds no network; run dvc repro vgg@vgg16"):
        call("--network", str(folder / "none"))
    monkeypatch.setattr(memory, "free_bytes", lambda: 2**20)
    with pytest.raises(BadInput, match="--size: 40 x 40 pixels need about 1.1 GiB, 0.0 are free"):
        call()
    assert not (folder / "out.png").exists()
