"""`generative study` and `generative verify`: the real pipeline, small, seed after seed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from generative.results import records
from tests.support.workspace import PROJECT, Workspace, make_workspace

MODEL = "question_answering"
FILE = records.FOLDER / f"{MODEL}.json"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, mirror: Path) -> Workspace:
    """Without what is committed of the models at their real size."""
    made = make_workspace(tmp_path_factory.mktemp("study") / "project", mirror)
    shutil.copytree(PROJECT / "profiles", made.folder / "profiles")
    for file in (made.folder / records.FOLDER).glob("*.json"):
        file.unlink()
    return made


def verdicts(project: Workspace) -> tuple[int, dict[str, str]]:
    """The status of `generative verify`, and what it says of each number."""
    done = project.attempt(
        *("generative", "verify", str(FILE), "--json"),
        PYTHONPATH=str(project.folder / "src"),
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)["findings"]
    return done.returncode, {one["metric"]: one["status"] for one in found}


@pytest.mark.slow
def test_seeds_are_added_and_the_next_run_is_verified_against_them(project: Workspace) -> None:
    seeds = ("--seed", "1", "--seed", "2", "--seed", "3")
    said = project.generative("study", MODEL, *seeds[:4])
    assert said.count(f"written: {FILE}") == 2
    assert {r.seed for r in records.read(project.folder / FILE)} == {1, 2}
    # What is there is neither trained nor written again.
    said = project.generative("study", MODEL, *seeds)
    assert said.count(f"written: {FILE}") == 1
    assert f"train@{MODEL}: from the cache" in said
    assert {r.seed for r in records.read(project.folder / FILE)} == {1, 2, 3}
    assert "seed 3" in (project.folder / "results" / f"{MODEL}.md").read_text()
    # The project itself was not touched.
    assert not (project.folder / "data" / "models" / MODEL).exists()

    project.repro(f"evaluate@{MODEL}")
    status, found = verdicts(project)
    assert (status, set(found.values())) == (0, {"equal"})
    # Another seed is one of those that may come.
    project.set(f"train.{MODEL}.seed", 4)
    project.repro(f"evaluate@{MODEL}")
    _, found = verdicts(project)
    assert set(found.values()) <= {"within", "off"}
    assert found["test/parameters"] == "within"
    # What is not measured in the same way is not compared.
    project.set("profile", "other")
    project.repro(f"evaluate@{MODEL}")
    status, found = verdicts(project)
    assert status == 1
    assert set(found.values()) == {"missing"}


@pytest.mark.slow
def test_a_study_that_fails_at_once_adds_nothing(project: Workspace) -> None:
    (project.folder / "stages" / "train.py").write_text("raise SystemExit('error: broken')\n")
    before = sorted((project.folder / records.FOLDER).glob("*"))
    done = project.attempt(
        *("generative", "study", MODEL, "--seed", "9"), PYTHONPATH=str(project.folder / "src")
    )
    assert done.returncode == 1
    assert f"train@{MODEL} with seed 9" in done.stdout
    assert "has no results" not in done.stdout
    assert sorted((project.folder / records.FOLDER).glob("*")) == before
