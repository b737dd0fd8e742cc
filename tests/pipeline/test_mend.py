"""DVC's files after a kill or a fault: the next run puts them right and runs nothing for it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.repo import Repo

from generative.cli.doctor import dvc_state
from generative.core.errors import BadInput
from generative.pipeline import engine
from generative.pipeline.mend import damaged_objects
from generative.pipeline.reasons import open_repo
from generative.pipeline.view import View
from generative.pipeline.workers import LocalProcesses
from tests.support.workspace import ODD_NAME

PIPELINE = """
stages:
  write:
    foreach: [a, b]
    do:
      cmd: mkdir data/${item} && echo ${item} > data/${item}/text && echo ran >> ran
      deps: [words]
      outs: ["data/${item}"]
  both:
    cmd: cat data/a/text data/b/text > data/both && echo ran >> ran
    deps: [data/a, data/b]
    outs: [data/both]
"""
GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
ALL = {"write@a", "write@b", "both"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that has run, with its dvc.lock in git."""
    folder = tmp_path / ODD_NAME
    (folder / "data").mkdir(parents=True)
    monkeypatch.chdir(folder)
    (folder / "dvc.yaml").write_text(PIPELINE)
    (folder / "words").write_text("words")
    (folder / "params.yaml").write_text("runtime: {threads: 1}\n")
    (folder / ".gitignore").write_text("/data\n/.cache\n/ran\n")
    subprocess.run(["git", "init", "--quiet"], check=True)
    Repo.init(str(folder)).close()
    (folder / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
    assert set(reproduce().ran) == ALL
    subprocess.run(["git", "add", "--all"], check=True)
    subprocess.run([*GIT, "commit", "--quiet", "-m", "first"], check=True)
    return folder


def reproduce() -> engine.Results:
    with View() as view:
        return engine.reproduce([], LocalProcesses(), view, lambda: None, jobs=2)


def contents() -> dict[str, bytes]:
    places = [Path("dvc.lock"), *Path("data").rglob("*")]
    return {str(place): place.read_bytes() for place in places if place.is_file()}


def cut(lock: bytes) -> bytes:
    return lock[: len(lock) // 2 + 3]


LOCKS: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda lock: b"",
    "blanks": lambda lock: b" \n",
    "cut": cut,
    "zeros": lambda lock: bytes(len(lock)),
    "no text": lambda lock: b"\xff\xfe" + lock,
    "another file": lambda lock: b"[1, 2]\n",
    "no stages": lambda lock: lock.replace(b"stages:", b"stagez:"),
    "not finished": lambda lock: lock[: lock.rindex(b"md5:")] + b"md5",
}


@pytest.mark.parametrize("damage", LOCKS.values(), ids=LOCKS.keys())
@pytest.mark.parametrize("committed", [True, False])
def test_a_damaged_lock(
    project: Path,
    damage: Callable[[bytes], bytes],
    committed: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = contents()
    if not committed:
        subprocess.run([*GIT, "rm", "--quiet", "--cached", "dvc.lock"], check=True)
        subprocess.run([*GIT, "commit", "--quiet", "-m", "without"], check=True)
    damaged = damage(Path("dvc.lock").read_bytes())
    Path("dvc.lock").write_bytes(damaged)
    results = reproduce()
    assert not results.ran
    assert contents() == before
    printed = capsys.readouterr().out
    if "dvc.lock was " in printed:
        (kept,) = Path(".cache/damaged").iterdir()
        assert kept.read_bytes() == damaged
    else:
        assert damage is cut  # which DVC can read


def test_a_lock_that_git_could_not_merge_is_left(project: Path) -> None:
    lock = Path("dvc.lock").read_text()
    Path("dvc.lock").write_text(f"<<<<<<< ours\n{lock}=======\n{lock}>>>>>>> theirs\n")
    before = Path("dvc.lock").read_bytes()
    with pytest.raises(BadInput, match="holds two versions that git could not merge; take one"):
        reproduce()
    assert Path("dvc.lock").read_bytes() == before


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}"])
def test_lock_files_that_a_kill_left(
    project: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("rwlock", "lock", "rwlock.lock"):
        (project / ".dvc" / "tmp" / name).write_text(content)
    shutil.rmtree("data/a")
    assert set(reproduce().restored) == {"write@a"}
    assert ("rwlock: was damaged and is removed" in capsys.readouterr().out) == (content != "{}")


def test_a_lock_that_somebody_writes_is_not_mended(project: Path) -> None:
    """DVC writes it in place, while it holds its lock."""
    whole = Path("dvc.lock").read_bytes()
    Path("dvc.lock").write_bytes(b"")
    repo = Repo()
    with repo.lock, pytest.raises(BadInput, match="is at work on this project; wait until"):
        open_repo()
    assert Path("dvc.lock").read_bytes() == b""
    Path("dvc.lock").write_bytes(whole)
    assert not reproduce().ran


def test_a_database_of_hashes_that_does_not_work(project: Path) -> None:
    repo = Repo()
    folder = Path(repo.site_cache_dir)
    repo.close()
    for file in folder.rglob("cache.db*"):
        file.write_bytes(b"no database" * 1000)
    with pytest.raises(BadInput, match="database of hashes, in .*, does not work: file is not a"):
        reproduce()
    shutil.rmtree(folder)
    assert not reproduce().ran


def objects(project: Path) -> list[Path]:
    return sorted((project / ".dvc/cache/files/md5").glob("??/*"))


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:1] + b"?" + b[2:]]
)
def test_damaged_objects_are_made_anew(
    project: Path, damage: Callable[[bytes], bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents()
    for file in objects(project):
        content = file.read_bytes()
        times = file.stat()
        file.chmod(0o644)
        file.write_bytes(damage(content))
        file.chmod(0o444)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    shutil.rmtree("data")
    Path("data").mkdir()
    assert set(reproduce().ran) == ALL
    assert contents() == before
    assert not list(damaged_objects(project / ".dvc/cache"))


def test_a_damaged_list_of_files_comes_from_its_place(project: Path) -> None:
    """Of a folder, which the cache knows by a list of its files."""
    kept = {file: file.read_bytes() for file in objects(project)}
    for file in kept:
        if file.suffix == ".dir":
            file.chmod(0o644)
            file.write_bytes(b"[{")
    assert not reproduce().ran
    assert {file: file.read_bytes() for file in objects(project)} == kept


@pytest.mark.parametrize("content", [b"", b"cmd: 'a", b"\xff", b"[]"])
def test_damaged_entries_of_the_run_cache(project: Path, content: bytes) -> None:
    before = contents()
    for file in (project / ".dvc/cache/runs").rglob("*"):
        if file.is_file():
            file.chmod(0o644)
            file.write_bytes(content)
    Path("dvc.lock").unlink()
    shutil.rmtree("data")
    Path("data").mkdir()
    assert set(reproduce().ran) == ALL
    assert contents() == before


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from generative.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "doctor", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_doctor(project: Path) -> None:
    assert not list(dvc_state(mend=False))
    Path("dvc.lock").write_text("")
    done = doctor()
    assert (done.returncode, done.stderr) == (
        1,
        "error: dvc.lock is damaged; run: generative doctor --mend\n",
    )
    assert "that of the last commit is taken" in doctor("--mend").stdout
    file = objects(project)[0]
    file.chmod(0o644)
    file.write_bytes(b"other")
    done = doctor()
    assert done.returncode == 1
    assert done.stderr == "error: damaged or lost: 1; run: generative doctor --mend\n"
    assert file.exists()
    printed = doctor("--mend").stdout
    assert f"{file}: is damaged; removed" in printed
    assert ": is not in the cache; put there from its place" in printed
    assert file.exists()
    shutil.rmtree(project / ".dvc/cache/files")
    (project / ".dvc/tmp/rwlock").write_text("")
    done = doctor()
    assert done.returncode == 1
    assert done.stdout.count(": is not in the cache\n") == 3
    assert "rwlock: is damaged\n" in done.stdout
    assert not (project / ".dvc/cache/files").exists()
    assert "rwlock: is damaged; removed\n" in doctor("--mend").stdout
    assert not list(dvc_state(mend=False))
    assert not reproduce().ran


def test_an_object_that_is_gone_comes_from_its_place(project: Path) -> None:
    kept = objects(project)
    shutil.rmtree(project / ".dvc/cache/files")
    times = Path("data/a/text").stat()
    Path("data/a/text").write_text("b\n")  # which only its stage can mend
    # As a faulty disk does it: DVC's database of hashes knows nothing of it.
    os.utime("data/a/text", ns=(times.st_atime_ns, times.st_mtime_ns))
    results = reproduce()
    assert set(results.ran) == {"write@a"}
    assert set(results.unchanged) == {"write@b", "both"}
    assert objects(project) == kept
