"""`generative report`: the page of what there is, beside other results, and what it refuses."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from generative.cli.report import report
from generative.core.errors import BadInput
from tests.support.report import DOCUMENT, draw, write, write_results

MACHINE = {"processor": "one", "device": "CPU", "precision": "float32"}


def write_checkout(folder: Path, **parameters: Any) -> None:
    """Results in `folder` with the params.yaml and the dvc.lock that they are of."""
    write_results(folder / "data")
    train = {key: {**own, **parameters} for key, own in DOCUMENT["train"].items()}
    write(folder / "params.yaml", yaml.safe_dump({**DOCUMENT, "train": train}))
    lock: dict[str, Any] = {}
    for key in train:
        section = {"family": "vae", "network": "vae/cvae", "dataset": "mnist", "seed": 1}
        params = {"train": {key: {**section, **parameters}}, "runtime": {"threads": 1}}
        write(folder / "data/history" / key / "params.json", params)
        write(folder / "data/history" / key / "machine.json", MACHINE)
        model = {"path": f"data/models/{key}", "md5": "abc.dir"}
        lock[f"train@{key}"] = {"outs": [model]}
        for stage in ("evaluate", "image_quality"):
            lock[f"{stage}@{key}"] = {"deps": [model]}
    write(folder / "dvc.lock", yaml.safe_dump({"stages": lock}))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    write_checkout(folder)
    monkeypatch.chdir(folder)
    return folder


def test_the_page_and_its_data_are_written(project: Path, capsys: Any) -> None:
    report(Path("made/page.html"))
    html = (project / "made/page.html").read_text()
    assert "-151.2" in html
    assert json.loads((project / "made/report.json").read_text())["profile"] == "default"
    assert "made/page.html (0." in capsys.readouterr().out


def test_what_is_missing_is_printed(project: Path, capsys: Any) -> None:
    shutil.rmtree(project / "data/image_quality/one")
    report(Path("page.html"))
    assert "missing: image_quality@one has not run" in capsys.readouterr().out


def test_beside_another_checkout(project: Path, tmp_path: Path) -> None:
    write_checkout(tmp_path / "other", epochs=9)
    write(tmp_path / "other/data/metrics/one/metrics.json", {"elbo_nats": -140.0})
    draw(tmp_path / "other/data/samples/one/samples.png", seed=5)
    report(Path("page.html"), against=str(tmp_path / "other"))
    found = json.loads((project / "report.json").read_text())["against"]
    rows = {(row["model"], row["metric"]): row for row in found["rows"]}
    row = rows["one", "test/elbo_nats"]
    assert (row["here"], row["there"]) == (-151.23456, -140.0)
    assert [(pair["model"], pair["name"]) for pair in found["pictures"]] == [("one", "samples")]
    assert any("epochs" in line for line in found["differs"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"out": Path("page.txt")}, "--out: received page.txt, must be a file that ends in .html"),
        ({"against": "nowhere"}, "nowhere: neither results, a checkout, a profile"),
        ({"profile": "nowhere"}, "nowhere/data is missing; run generative repro first"),
    ],
)
def test_refusals_write_nothing(project: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        report(**{"out": Path("page.html"), "against": None, "profile": None, **options})
    assert not (project / "page.html").exists()


def test_of_no_results_there_is_no_page(project: Path) -> None:
    shutil.rmtree(project / "data")
    (project / "data").mkdir()
    with pytest.raises(BadInput, match="holds no results yet; run generative repro first"):
        report(Path("page.html"))
