import errno
import os
from pathlib import Path

import pytest

from generative.core import errors
from generative.core.folders import atomic_folder


def message(error: BaseException) -> str:
    def program() -> None:
        raise error

    with pytest.raises(SystemExit) as leaving:
        errors.run(program)
    assert leaving.value.code not in (0, None)
    return str(leaving.value.code)


def test_bad_input_is_one_line() -> None:
    assert message(errors.BadInput("mend it")) == "error: mend it"


def test_a_full_disk_is_one_line() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "data/models/cvae/model.weights.h5")
    assert message(full) == (
        "error: the disk is full while writing data/models/cvae/model.weights.h5; "
        "free some space and run the command again"
    )


def test_interruption() -> None:
    assert message(KeyboardInterrupt()) == "interrupted"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(OSError, match="refused"):
        errors.run(lambda: (_ for _ in ()).throw(OSError(errno.ECONNREFUSED, "refused")))


def test_a_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    """/dev/full is a disk that is always full."""
    with pytest.raises(OSError, match="No space left"), atomic_folder(tmp_path / "out") as folder:
        (folder / "first").write_text("fits")
        with open("/dev/full", "w") as file:
            file.write("does not")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "out") as folder:
        (folder / "old").touch()
    with pytest.raises(ValueError, match="no"), atomic_folder(tmp_path / "out") as folder:
        (folder / "new").touch()
        raise ValueError("no")
    with atomic_folder(tmp_path / "out") as folder:
        assert [f.name for f in (tmp_path / "out").iterdir()] == ["old"]
        (folder / "newer").touch()
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["newer"]
