"""What counts as a change of words."""

import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo

from generative.pipeline import sources

CODE = b'''"""A module."""

import os


def area(width: float, height: float = 2.0) -> float:
    """Square pixels."""
    return width * height  # exactly
'''
SAME = [
    CODE.replace(b"A module", b"Another text"),
    CODE.replace(b'"""A module."""\n\n', b""),
    CODE.replace(b"  # exactly", b""),
    CODE.replace(b"import os", b"# a remark\nimport os"),
    CODE.replace(b"(width: float, height", b"(\n    width: float,\n    height"),
    CODE.replace(b'    """Square pixels."""\n', b""),
]
OTHER = [
    CODE.replace(b"2.0", b"3.0"),
    CODE.replace(b"width * height", b"height * width"),
    CODE.replace(b"width: float", b"width: int"),
    CODE.replace(b"import os", b"import sys"),
    CODE.replace(b"return width", b"return +width"),
    CODE + b"\nx = 1\n",
    CODE.replace(b"def area(", b"def area(("),  # no Python
]


@pytest.mark.parametrize("code", SAME)
def test_words(code: bytes) -> None:
    assert not sources.differences({"": CODE}, {"": code})


@pytest.mark.parametrize("code", OTHER)
def test_meaning(code: bytes) -> None:
    assert sources.differences({"": CODE}, {"": code}) == [""]


def test_files_that_come_and_go_are_changes() -> None:
    assert sources.differences({"a.py": b"", "b.py": b""}, {"b.py": b"", "c.py": b""}) == [
        "a.py",
        "c.py",
    ]


def test_comments_of_yaml_are_words_and_other_files_are_bytes() -> None:
    before = {"a.yaml": b"x: 1  # one\n", "b.csv": b"x,y\n", "c.jinja": b"{# a #}"}
    after = {"a.yaml": b"x:   1\n", "b.csv": b"x,y\n", "c.jinja": b"{# b #}"}
    assert sources.differences(before, after) == ["c.jinja"]
    assert sources.differences({"a.yaml": b"x: 1"}, {"a.yaml": b"x: 2"}) == ["a.yaml"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository" / "project"  # a folder in a git repository
    (folder / "code" / "__pycache__").mkdir(parents=True)
    monkeypatch.chdir(folder)
    (folder / "code" / "a.py").write_bytes(CODE)
    (folder / "code" / "deep").mkdir()
    (folder / "code" / "deep" / "b.py").write_bytes(CODE)
    (folder / "code" / "__pycache__" / "a.pyc").write_bytes(b"compiled")
    (folder / ".dvcignore").write_text("__pycache__\n")
    (folder.parent / ".gitignore").write_text("__pycache__/\n")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", "first"]):
        subprocess.run([*git, *command], cwd=folder.parent, check=True)
    Repo.init(no_scm=True)
    for cached in (
        sources.commits,
        sources.files_by_hash,
        sources.files_in_commit,
        sources.prefix,
    ):
        cached.cache_clear()
    return folder


def test_hashes_are_dvcs(repository: Path) -> None:
    from dvc.dependency import Dependency
    from dvc.stage import Stage

    repo = Repo()
    for name in ("code", "code/a.py"):
        dependency = Dependency(Stage(repo), name)
        dependency.save()
        files = sources.files_in_workspace(name, repo.dvcignore)
        assert sources.hash_of(files) == dependency.hash_info.value
        assert sources.files_by_hash(name, dependency.hash_info.value) == files


def test_what_git_never_had_is_not_found(repository: Path) -> None:
    assert sources.files_by_hash("code", "0" * 32 + ".dir") is None
    assert sources.files_by_hash("nothing", "0" * 32) is None
