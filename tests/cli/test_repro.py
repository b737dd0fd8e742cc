"""What `generative repro` says before it runs anything, and after."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from generative.cli import repro as command
from generative.cli.repro import failures, repro, summary
from generative.core.errors import BadInput
from generative.pipeline import workspace
from generative.pipeline.engine import Results
from generative.pipeline.timings import Timing
from tests.support.workspace import PROJECT


@pytest.mark.parametrize(
    ("folders", "says"),
    [
        (["data/models/ensemble"], True),
        (["data/models/ensemble", "data/judge/mnist"], False),
        (["data/judge/mnist"], False),
        ([], False),
    ],
)
def test_results_of_an_older_layout_are_told(
    folders: list[str],
    says: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[Any],
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="not inside of a DVC repository"):
        repro()
    first, *_ = (capfd.readouterr().out + "\n").splitlines()
    assert ("every stage runs again, once" in first) == says
    assert ("about 90 minutes" in first) == says
    assert all((tmp_path / folder).exists() for folder in folders)


def test_a_profile_has_a_store_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[Any]
) -> None:
    """No small run is among those of a server; and a mirror is where it was."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("GENERATIVE_MIRROR", "mirror")
    monkeypatch.setattr(workspace, "create", lambda _, folder, __: folder.mkdir(parents=True))
    monkeypatch.setattr(command, "find_profile", Path)
    with pytest.raises(BadInput):
        repro(profile="smoke")
    assert "MLFLOW_TRACKING_URI" not in os.environ
    assert os.environ["GENERATIVE_MIRROR"] == str(tmp_path / "mirror")
    assert "the runs of a profile are in .cache/profiles/smoke/mlruns" in capfd.readouterr().out


def test_what_a_run_came_to() -> None:
    assert summary(Results(seconds=3)) == "stages: none; 3 s"
    results = Results(
        ran={"a": Timing(0, 1)},
        unchanged=["b", "c"],
        failed={"d": "failed with status 1", "e": "x is missing"},
        logs={"d": Path("d.log")},
        skipped=["f"],
        seconds=300,
    )
    expected = "stages: 1 ran, 2 did not change, 2 failed, 1 wait for those; 5 minutes"
    assert summary(results) == expected
    assert failures(results, "made").splitlines() == [
        "d failed with status 1; its output: d.log",
        "       e x is missing",
        "       what there is, and what is missing: generative report --profile made",
    ]


def test_the_check_of_the_parameters_ends_with_its_parent(tmp_path: Path) -> None:
    """A check that would take minutes stands in for it."""
    package = tmp_path / "src" / "generative" / "cli"
    package.mkdir(parents=True)
    for folder in (package.parent, package):
        (folder / "__init__.py").touch()
    (package / "main.py").write_text("import time\n\ndef main(): time.sleep(600)\n")
    started = subprocess.Popen(
        [sys.executable, "-c", "from generative.cli import repro; repro.check_apart()"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
    )
    parent = psutil.Process(started.pid)
    while not (children := parent.children()):
        assert started.poll() is None
    started.kill()
    started.wait()
    _, alive = psutil.wait_procs(children, timeout=120)
    assert not alive
