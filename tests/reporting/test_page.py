import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from generative.errors import BadInput
from generative.reporting import page

DOCUMENT: dict[str, Any] = {
    "runtime": {"threads": 0},
    "train": {"one": {"family": "likelihood", "epochs": 7, "model": {"beta": 1.0}}},
    "ensemble": {"members": ["two"]},
    "tune": {"two": {"trials": 2}},
}


def write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write(tmp_path / "prepared" / "mnist" / "mnist.npz", "data")
    card = {"dataset": "mnist", "data": {"binarization": "threshold"}}
    for key in ("one", "ensemble"):
        write(tmp_path / "models" / key / "model.json", card)
        (tmp_path / "samples" / key).mkdir(parents=True)
    write(tmp_path / "models" / "one" / "history.csv", "epoch,loss\n1,3.25\n2,2.125\n")
    metrics = {"elbo_nats": -151.23456, "active_units": 2, "<b>": 0.5, "judge": "abc"}
    images = {"frechet_distance": 12.3456, "frechet_distance_deviation": 0.0321}
    write(tmp_path / "metrics" / "one" / "metrics.json", {**metrics, **images})
    write(tmp_path / "metrics" / "ensemble" / "metrics.json", {"test_accuracy": 0.995})
    known = {"judge": "abc", "floor": {"frechet_distance": 1.5}, "noise": {"frechet_distance": 99}}
    write(tmp_path / "metrics" / "calibration" / "metrics.json", known)
    Image.new("L", (4, 4)).save(tmp_path / "samples" / "one" / "latent_plane.png")
    write(tmp_path / "samples" / "ensemble" / "topology.txt", "layers <of> the ensemble")
    search = tmp_path / "tuning" / "two"
    write(search / "best.json", {"width": 24})
    write(search / "metrics.json", {"trials": 2, "test_accuracy": 0.98765})
    write(search / "trials.csv", "trial,width,val_loss\n1,16,0.5\n2,24,0.25\n")
    Image.new("L", (4, 4)).save(search / "history.png")
    return tmp_path


def test_the_page_holds_everything_and_needs_nothing(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    for part in ("-151.2", ">2<", "2.125", "latent plane", "data:image/png;base64,"):
        assert part in html
    for part in ("width 24", "98.77 %", "layers &lt;of&gt; the ensemble", "0.995"):
        assert part in html
    assert hashlib.md5(b"data").hexdigest() in html
    assert "<code>epochs</code>" in html
    assert "<code>runtime.threads</code>" in html
    assert "<b>" not in html
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)
    assert html == page.build(data, DOCUMENT)


def test_a_row_holds_the_known_cases_and_the_models_with_their_deviation(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    row = next(line for line in html.splitlines() if "frechet distance" in line)
    assert re.findall(r"<td[^>]*>([^<]*)</td>", row) == ["1.5", "99", "12.35 ± 0.032"]
    assert html.count("frechet distance") == 1  # in the table of its own, in no other


def test_numbers_of_another_judge_are_refused(data: Path) -> None:
    file = data / "metrics" / "one" / "metrics.json"
    file.write_text(file.read_text().replace("abc", "other"))
    with pytest.raises(BadInput, match="comes from the judge other, the calibration from abc"):
        page.build(data, DOCUMENT)


@pytest.mark.parametrize("folder", ["metrics/one", "samples/ensemble", "tuning/two"])
def test_results_that_are_missing(data: Path, folder: str) -> None:
    shutil.rmtree(data / folder)
    with pytest.raises(BadInput, match=f"{folder} is missing; run dvc repro"):
        page.build(data, DOCUMENT)


@pytest.mark.parametrize(
    ("value", "text"),
    [(-151.23456, "-151.2"), (2, "2"), (3.0, "3"), ("", ""), (0.00012345, "0.0001234")],
)
def test_number(value: Any, text: str) -> None:
    assert page.number(value) == text
