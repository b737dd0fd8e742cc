"""What made a run: hashes that know no order, processes that are told apart, the code of git."""

import os
import subprocess
from pathlib import Path

import pytest

from generative.core.errors import BadInput
from generative.tracking import provenance


def test_digest_knows_no_order() -> None:
    assert provenance.digest({"a": 1, "b": [2]}) == provenance.digest({"b": [2], "a": 1})
    assert provenance.digest({"a": 1}) != provenance.digest({"a": 2})


def test_a_process_is_known_by_number_and_beginning() -> None:
    own = provenance.this_process()
    assert provenance.is_alive(own)
    assert not provenance.is_alive(f"{os.getpid()} 1.0")  # a number that came again
    assert not provenance.is_alive("")


def test_a_folder_is_known_by_names_and_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    before = provenance.md5_of_folder(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    renamed = provenance.md5_of_folder(tmp_path)
    (tmp_path / "b").write_text("2")
    assert len({before, renamed, provenance.md5_of_folder(tmp_path)}) == 3
    with pytest.raises(BadInput, match="nothing is missing"):
        provenance.md5_of_folder(tmp_path / "nothing")


def test_code_of_another_commit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "git.sha" not in provenance.source_tags("train@cvae", live=True)  # no git here
    Path("src").mkdir()
    Path("src", "a.py").write_text("1")
    who = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "a"]):
        subprocess.run(["git", *command], check=True)
    tags = provenance.source_tags("train@cvae", live=True)
    assert (tags["git.dirty"], tags["mlflow.source.name"]) == ("false", "stages/train.py")
    Path("notes").write_text("decides nothing")
    assert provenance.source_tags("train@cvae", live=True)["git.dirty"] == "false"
    Path("src", "a.py").write_text("2")
    assert provenance.source_tags("train@cvae", live=True)["git.dirty"] == "true"
    assert "git.sha" not in provenance.source_tags("train@cvae", live=False)
