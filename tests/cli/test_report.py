"""`generative report`: the page of what there is, beside other results, and what it refuses."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from generative.cli.report import report
from generative.core.errors import BadInput
from tests.support.report import draw, write, write_checkout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    write_checkout(folder)
    (folder / "results").mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_the_page_and_its_data_are_written(project: Path, capsys: Any) -> None:
    report(Path("made/page.html"))
    html = (project / "made/page.html").read_text()
    assert "-151.2" in html
    assert json.loads((project / "made/page.json").read_text())["profile"] == "default"
    assert "made/page.html (0." in capsys.readouterr().out


def test_what_is_missing_is_printed(project: Path, capsys: Any) -> None:
    shutil.rmtree(project / "data/image_quality/one")
    report(Path("page.html"))
    assert "missing: image_quality@one: it has not run\n" in capsys.readouterr().out


def test_beside_another_checkout(project: Path, tmp_path: Path) -> None:
    write_checkout(tmp_path / "other", epochs=9)
    write(tmp_path / "other/data/metrics/one/metrics.json", {"elbo_nats": -140.0})
    draw(tmp_path / "other/data/samples/one/samples.png", seed=5)
    report(Path("page.html"), against=str(tmp_path / "other"))
    found = json.loads((project / "page.json").read_text())["against"]
    rows = {(row["model"], row["metric"]): row for row in found["rows"]}
    row = rows["one", "test/elbo_nats"]
    assert (row["here"], row["there"]) == (-151.23456, -140.0)
    assert [(pair["model"], pair["name"]) for pair in found["pictures"]] == [("one", "samples")]
    assert (row["status"], row["reason"]) == ("no_range", "one seed has no range")
    assert any("epochs" in line for line in found["differs"])


def test_beside_another_profile(project: Path) -> None:
    other = project / ".cache/profiles/other"
    write_checkout(other, epochs=9)
    document = yaml.safe_load((other / "params.yaml").read_text())
    write(other / "params.yaml", yaml.safe_dump({**document, "profile": "other"}))
    report(Path("page.html"), against="other")
    found = json.loads((project / "page.json").read_text())["against"]
    assert any("epochs" in line for line in found["differs"])
    (row,) = [row for row in found["rows"] if row["metric"] == "test/elbo_nats"]
    assert (row["status"], row["there"]) == ("no_range", row["here"])
    assert row["reason"] == "of the profile default, there is other"


def test_beside_a_revision(project: Path) -> None:
    def run(*command: str) -> None:
        subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)

    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    run("dvc", "init", "-q")
    run("dvc", "add", "-q", "data")
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "results"], check=True)
    write(project / "data/metrics/one/metrics.json", {"elbo_nats": -140.0})
    draw(project / "data/samples/one/samples.png", seed=5)
    report(Path("page.html"), against="HEAD")
    found = json.loads((project / "page.json").read_text())["against"]
    (row,) = [row for row in found["rows"] if row["metric"] == "test/elbo_nats"]
    assert (row["here"], row["there"], row["status"]) == (-140.0, -151.23456, "off")
    assert [(pair["model"], pair["name"]) for pair in found["pictures"]] == [("one", "samples")]
    (project / "page.html").unlink()
    shutil.rmtree(project / ".dvc/cache")
    with pytest.raises(BadInput, match="HEAD: neither results, a checkout"):
        report(Path("page.html"), against="HEAD")
    assert not (project / "page.html").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"out": Path("page.txt")}, "--out: received page.txt, must be a file that ends in .html"),
        ({"against": "results"}, "--against: received results, which has numbers only"),
        ({"against": "nowhere"}, "nowhere: neither results, a checkout, a profile"),
        (
            {"profile": "nowhere"},
            "nowhere/data is missing; run generative repro --profile nowhere first",
        ),
    ],
)
def test_refusals_write_nothing(project: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        report(**{"out": Path("page.html"), "against": None, "profile": None, **options})
    assert not (project / "page.html").exists()


def test_pictures_without_a_number_are_a_page(project: Path) -> None:
    for kind in ("metrics", "image_quality", "references", "tuning"):
        shutil.rmtree(project / "data" / kind)
    report(Path("page.html"))
    assert 'data-picture="samples"' in (project / "page.html").read_text()


def test_of_no_results_there_is_no_page(project: Path) -> None:
    shutil.rmtree(project / "data")
    (project / "data").mkdir()
    with pytest.raises(BadInput, match="holds no results yet; run generative repro first"):
        report(Path("page.html"))
