"""Folders of computations: one for all that decides a result, for one process at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from generative.core import workspace as module
from generative.core.errors import BadInput
from generative.core.workspace import name_of, workspace


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_name_follows_from_what_decides(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_text("1")
    names = [name_of("cvae", {"rate": 0.1}, [file]), name_of("cvae", {"rate": 0.2}, [file])]
    file.write_text("2")
    names.append(name_of("cvae", {"rate": 0.1}, [file]))
    file.write_text("1")
    assert len(set(names)) == 3
    assert name_of("cvae", {"rate": 0.1}, [file]) == names[0]
    assert all(name.startswith("cvae-") for name in names)


def test_it_stays_after_an_error_and_goes_with_the_result() -> None:
    with pytest.raises(ZeroDivisionError), workspace("training", "cvae", 1, []) as first:
        (first / "checkpoint").touch()
        raise ZeroDivisionError
    assert (first / "checkpoint").exists()
    with pytest.raises(ZeroDivisionError), workspace("training", "cvae", 2, []) as second:
        raise ZeroDivisionError
    with workspace("training", "cvae-2", 1, []) as other:
        pass
    assert first != second
    with workspace("training", "cvae", 1, []) as again:
        assert again == first
        assert (again / "checkpoint").exists()
    assert not any(path.exists() for path in (first, second, other))


def test_a_file_system_without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(module.FileLock, "acquire", refuse)
    with (
        pytest.raises(BadInput, match=r".cache/training: FileSystem does not appear to support"),
        workspace("training", "cvae", 1, []),
    ):
        pass


def test_a_second_process_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    program = (
        "from generative.core.workspace import workspace\n"
        "with workspace('training', 'cvae', 1, []):\n"
        "    print('in', flush=True); input()\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdout
    assert other.stdout.readline() == "in\n"
    with pytest.raises(BadInput, match="another process works on cvae"):
        workspace("training", "cvae", 2, []).__enter__()
    with workspace("training", "vae", 1, []):
        pass
    other.kill()
    other.wait()
    with workspace("training", "cvae", 2, []):
        pass
