import json
from pathlib import Path
from typing import Any

import keras
import pandas as pd
import pytest
from PIL import Image

from generative.image_quality.lpips import LPIPS
from generative.style import outputs, pictures
from generative.style.transfer import Transfer
from tests.support.data import write_raw_alexnet
from tests.support.style import make_options, waves

CONTENT, STYLE = waves(48, 64, seed=1), waves(50, 40, seed=2)


@pytest.fixture
def transfer(network: keras.Model, network_folder: Path) -> Transfer:
    options = make_options(network=str(network_folder))
    return Transfer(network, CONTENT, [(STYLE, 1.0)], options)


def test_every_row_of_the_history_is_sent_once(
    transfer: Transfer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: list[Any] = []
    outputs.run_with_log(transfer, lambda rows, frame: sent.append((rows, frame)), tmp_path)
    assert [row for rows, _ in sent for row in rows] == transfer.history
    assert [frame for _, frame in sent] == transfer.frames
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(transfer.frames) == 6
    assert lines[0] == f"evaluation 1, 32 x 32: {transfer.history[0]['total']:.4g}"
    assert lines[-1].startswith("evaluation 13, 40 x 32: ")


def test_a_run_that_was_killed_is_resumed(
    transfer: Transfer, network: keras.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def kill(rows: Any, frame: Image.Image) -> None:
        if rows[-1]["evaluation"] > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outputs.run_with_log(transfer, kill, tmp_path)
    again = Transfer(network, CONTENT, [(STYLE, 1.0)], transfer.options)
    outputs.run_with_log(again, lambda rows, frame: None, tmp_path)
    assert "resumed a run that was killed: 3 evaluations" in capsys.readouterr().out


def test_frames_as_files(transfer: Transfer, tmp_path: Path) -> None:
    write_raw_alexnet(tmp_path)
    transfer.options = transfer.options.model_copy(update={"frames": "files"})
    transfer.run()
    outputs.write(transfer, LPIPS(tmp_path / "alexnet.ckpt"), tmp_path)
    files = sorted((tmp_path / "frames").iterdir())
    assert [file.name for file in files] == [f"{number:03}.png" for number in range(1, 7)]
    for file, frame in zip(files, transfer.frames, strict=True):
        with Image.open(file) as picture:
            assert picture.tobytes() == frame.tobytes()


def test_the_folder_holds_the_result(transfer: Transfer, tmp_path: Path) -> None:
    write_raw_alexnet(tmp_path)
    transfer.run()
    folder = tmp_path / "out"
    folder.mkdir()
    outputs.write(transfer, LPIPS(tmp_path / "alexnet.ckpt"), folder)
    assert {file.name for file in folder.iterdir()} == {
        "picture.png",
        "history.csv",
        "metrics.json",
        "comparison.png",
        "steps.png",
        "losses.png",
        "animation.gif",
    }
    with Image.open(folder / "picture.png") as picture:
        assert picture.tobytes() == pictures.to_picture(transfer.result()).tobytes()
    history = pd.read_csv(folder / "history.csv")
    assert history.to_dict("records") == transfer.history
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["evaluations"] == len(history)
    with Image.open(folder / "animation.gif") as animation:  # its last frame is the result
        assert (getattr(animation, "n_frames", 1), animation.size) == (6, (40, 32))
