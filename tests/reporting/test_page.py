import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from generative.errors import BadInput
from generative.reporting import page

DOCUMENT: dict[str, Any] = {
    "runtime": {"threads": 0},
    "train": {"one": {"dataset": "mnist", "epochs": 7, "model": {"beta": 1.0}}},
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for kind, name in (("models", "one"), ("metrics", "one"), ("samples", "one")):
        (tmp_path / kind / name).mkdir(parents=True)
    (tmp_path / "prepared" / "mnist").mkdir(parents=True)
    (tmp_path / "prepared" / "mnist" / "mnist.npz").write_bytes(b"data")
    (tmp_path / "models" / "one" / "history.csv").write_text("epoch,loss\n1,3.25\n2,2.125\n")
    (tmp_path / "models" / "one" / "model.json").write_text("{}")
    metrics = {"elbo_nats": -151.23456, "active_units": 2, "<b>": 0.5}
    (tmp_path / "metrics" / "one" / "metrics.json").write_text(json.dumps(metrics))
    Image.new("L", (4, 4)).save(tmp_path / "samples" / "one" / "latent_plane.png")
    return tmp_path


def test_the_page_holds_everything_and_needs_nothing(data: Path) -> None:
    html = page.build(data, DOCUMENT)
    for part in ("-151.2", ">2<", "2.125", "latent plane", "data:image/png;base64,"):
        assert part in html
    assert hashlib.md5(b"data").hexdigest() in html
    assert "<code>epochs</code>" in html
    assert "<code>runtime.threads</code>" in html
    assert "<b>" not in html
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)
    assert html == page.build(data, DOCUMENT)


def test_results_that_are_missing(data: Path) -> None:
    (data / "metrics" / "one" / "metrics.json").unlink()
    (data / "metrics" / "one").rmdir()
    with pytest.raises(BadInput, match="metrics/one is missing; run dvc repro"):
        page.build(data, DOCUMENT)


@pytest.mark.parametrize(
    ("value", "text"),
    [(-151.23456, "-151.2"), (2, "2"), (3.0, "3"), ("", ""), (0.00012345, "0.0001234")],
)
def test_number(value: Any, text: str) -> None:
    assert page.number(value) == text
