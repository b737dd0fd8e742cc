import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generative.core.errors import BadInput
from generative.core.folders import (
    JSON_BYTES,
    atomic_file,
    atomic_folder,
    file_hash,
    read_json,
    write_json,
)


def test_a_folder_is_complete_or_not_there(tmp_path: Path) -> None:
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


def test_a_file_takes_the_place_of_another_and_of_nothing_else(tmp_path: Path) -> None:
    file, neighbour = tmp_path / "new" / "a.png", tmp_path / "new" / ".a.png.1.part"
    neighbour.parent.mkdir()
    neighbour.write_text("the user's own")
    file.write_text("old")
    with pytest.raises(ValueError, match="no"), atomic_file(file) as part:
        part.write_text("half")
        raise ValueError("no")
    assert file.read_text() == "old"
    with atomic_file(file) as part:
        part.write_text("new")
    assert file.read_text() == "new"
    assert sorted(neighbour.parent.iterdir()) == [neighbour, file]
    assert neighbour.read_text() == "the user's own"


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("the user's own")
    (tmp_path / "out").symlink_to("elsewhere")
    with atomic_file(tmp_path / "out") as part:
        part.write_text("new")
    assert (tmp_path / "elsewhere").read_text() == "the user's own"
    assert (tmp_path / "out").read_text() == "new"
    assert not (tmp_path / "out").is_symlink()


def test_a_result_that_has_no_place_is_kept(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match="out cannot be written now: .*; what was made is in") as lost,
        atomic_file(tmp_path / "out") as part,
    ):
        part.write_text("hours of work")
        (tmp_path / "out" / "of the way").mkdir(parents=True)
    assert Path(str(lost.value).rpartition(" is in ")[2]).read_text() == "hours of work"


def test_what_came_meanwhile_stays(tmp_path: Path) -> None:
    with (
        pytest.raises(BadInput, match="out cannot be written now: another file has its name") as no,
        atomic_file(tmp_path / "out", replace=False) as part,
    ):
        part.write_text("hours of work")
        (tmp_path / "out").write_text("the user's own")
    assert (tmp_path / "out").read_text() == "the user's own"
    assert Path(str(no.value).rpartition(" is in ")[2]).read_text() == "hours of work"
    (tmp_path / "folder").mkdir()  # an empty one is no loss
    with atomic_folder(tmp_path / "folder", replace=False) as filling:
        (filling / "a").touch()
    with (
        pytest.raises(OSError, match="not empty"),
        atomic_folder(tmp_path / "folder", replace=False),
    ):
        pass
    assert [file.name for file in (tmp_path / "folder").iterdir()] == ["a"]


def test_json_larger_than_any_of_ours(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(JSON_BYTES + 1)
    with pytest.raises(ValueError, match="has more than 16,777,216 bytes"):
        read_json(tmp_path / "a.json")


def test_what_the_disk_does_not_take_has_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some disks say only at the end that they are full."""
    with atomic_folder(tmp_path / "out") as folder:
        (folder / "old").touch()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), atomic_folder(tmp_path / "out") as folder:
        (folder / "new").touch()
    with pytest.raises(OSError, match="No space left"), atomic_file(tmp_path / "file"):
        pass
    assert [f.name for f in tmp_path.iterdir()] == ["out"]
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["old"]


def test_a_place_that_takes_no_files_is_named_as_it_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (Path("/proc/x.png"), tmp_path / "file" / "x.png"):
        for write in (atomic_file, atomic_folder):
            with pytest.raises((BadInput, OSError)) as refused, write(place):
                pytest.fail("there is nothing to write into")
            assert ".part" not in str(refused.value)
            assert str(place if place.is_relative_to("/proc") else place.parent) in str(
                refused.value
            )


def test_a_missing_input_is_no_place_that_takes_no_files(tmp_path: Path) -> None:
    """Of what is read while something is written, the name stays."""
    missing = tmp_path / "missing.npz"
    with pytest.raises(FileNotFoundError, match=r"missing\.npz"), atomic_folder(tmp_path / "out"):
        missing.read_bytes()


def test_json_has_no_number_that_is_not_finite(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": float("nan")})
    assert not (tmp_path / "a.json").exists()
    write_json(tmp_path / "a.json", {"loss": 1.5, "text": "数"})
    assert read_json(tmp_path / "a.json") == {"loss": 1.5, "text": "数"}


def test_hash_of_no_bytes(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert file_hash(tmp_path / "empty") == "d41d8cd98f00b204e9800998ecf8427e"
    assert file_hash(tmp_path / "empty", "sha256").startswith("e3b0c44298fc1c14")


FILLS = """
import sys, time
from pathlib import Path
from generative.core.folders import atomic_folder
with atomic_folder(Path("out")) as folder:
    (folder / "half").touch()
    print("in", flush=True)
    input()
"""


def test_what_a_killed_process_left_goes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    others = ["out.part", "outer.part", ".outer.1234.part", ".out.part.txt"]
    for name in others:
        (tmp_path / name).mkdir()
    filling = subprocess.Popen(
        [sys.executable, "-c", FILLS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert filling.stdout
    assert filling.stdout.readline() == "in\n"
    with atomic_folder(tmp_path / "out"):  # beside one that is at work
        assert len(list(tmp_path.glob(".out.*.part"))) == 2
    assert len(list(tmp_path.glob(".out.*.part"))) == 1
    filling.kill()
    filling.wait()
    with atomic_folder(tmp_path / "out") as folder:
        assert [part.name for part in tmp_path.glob(".out.*.part")] == [folder.name]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "out"])
