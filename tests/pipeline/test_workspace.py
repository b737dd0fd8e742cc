from pathlib import Path

import pytest

from generative.core.errors import BadInput
from generative.pipeline import workspace


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    package = "src/package/__init__.py"
    results = "results/cvae.json"
    for name in ("dvc.yaml", ".dvcignore", "params.yaml", results, "stages/train.py", package):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    monkeypatch.chdir(folder)
    return folder


def test_copy_replaces_code_and_leaves_results(project: Path, tmp_path: Path) -> None:
    folder = project / ".cache" / "smoke"
    workspace.copy(project, folder)
    (folder / "stages" / "gone.py").touch()
    (folder / "data").mkdir()
    (project / "stages" / "train.py").write_text("newer")
    workspace.copy(project, folder)
    assert (folder / "stages" / "train.py").read_text() == "newer"
    assert not (folder / "stages" / "gone.py").exists()
    assert (folder / "data").exists()


def test_downloads_are_shared_from_the_first_on(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    workspace.copy(project, folder)
    (folder / ".cache" / "downloads" / "file").write_text("digits")
    assert (project / ".cache" / "downloads" / "file").read_text() == "digits"


def test_outside_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match=r"dvc.yaml is missing; run this in the project's folder"):
        workspace.create(Path("smoke.yaml"), tmp_path / "scratch")


def test_who_works_in_a_workspace_comes_back(project: Path, tmp_path: Path) -> None:
    """Also after a failure."""
    profile = tmp_path / "profile.yaml"
    profile.write_text("runtime: {threads: 2}\n")
    (project / "params.yaml").write_text("runtime: {threads: 1}\n")
    with pytest.raises(ZeroDivisionError), workspace.entered(profile, Path("elsewhere"), {}):
        assert Path.cwd() == project / "elsewhere"
        assert "threads: 2" in Path("params.yaml").read_text()
        raise ZeroDivisionError
    assert Path.cwd() == project
