"""Several stages at once give the results and the dvc.lock of `dvc repro`."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.repo import Repo

from generative.core.errors import BadInput
from generative.core.folders import read_json
from generative.pipeline import engine, machine
from generative.pipeline.view import View
from generative.pipeline.workers import Finished, LocalProcesses
from generative.results.logs import FAILURES
from tests.support.kills import PROGRAM as KILLING
from tests.support.kills import Kill
from tests.support.params import set_parameter
from tests.support.slow import unless_quick
from tests.support.workspace import ODD_NAME

PROGRAM = """
import os, sys, threading
from pathlib import Path
import yaml

name, _, key = os.environ["DVC_STAGE"].partition("@")
numbers = yaml.safe_load(Path("params.yaml").read_text())["numbers"]
number = {key: own["value"] for key, own in numbers.items()}
if name == "write":
    print("writing", key)
    if number[key] < 0:
        sys.exit(f"error: {key} is negative")
    if number[key] == 666:
        os.kill(os.getpid(), 9)
    Path(f"data/{key}").mkdir(parents=True)
    Path(f"data/{key}/number").write_text(str(number[key]))
elif name == "sum":
    Path("data/sum").write_text(str(sum(int(Path(f"data/{k}/number").read_text()) for k in number)))
"""
PIPELINE = """
stages:
  write:
    foreach: ${numbers}
    do:
      cmd: python program.py
      deps: [program.py]
      params: ["numbers.${key}"]
      outs: ["data/${key}"]
  sum:
    cmd: python program.py
    deps: [data/a, data/b, data/c, program.py]
    outs: [data/sum]
  shout:
    cmd: echo "$DVC_STAGE" | tr a-z A-Z > data/shouted
    deps: [data/sum]
    outs: [data/shouted]
  alone:
    cmd: python program.py; echo alone > data/alone
    deps: [program.py]
    outs:
      - data/alone:
          cache: false
  lines:
    cmd:
      - mkdir -p data/lines && cd data/lines
      - python program.py > data/lines/text
      - echo $DVC_STAGE *.py >> data/lines/text
    deps: [program.py]
    params: [shared]
    outs: [data/lines]
  fails:
    cmd: |
      false
      echo never > data/never
    params: [shared]
    outs: [data/never]
  nothing:
    cmd: cp gone data/nothing
    deps: [gone]
    outs: [data/nothing]
"""
PARAMS = """
runtime: {threads: 1}
numbers: {c: {value: 3}, a: {value: 1}, b: {value: 2}}
shared: {x: {y: 1}}
"""
GIT = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]


def run(folder: Path, *command: str, check: bool = True) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not check, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / ODD_NAME
    folder.mkdir()
    (folder / "program.py").write_text(PROGRAM)
    (folder / "dvc.yaml").write_text(PIPELINE)
    (folder / "params.yaml").write_text(PARAMS)
    (folder / ".gitignore").write_text("/data\n/.cache\n")
    run(folder, "git", "init", "--quiet")
    Repo.init(str(folder)).close()
    (folder / ".dvc" / "config").write_text("[core]\n    analytics = false\n")
    run(folder, "git", "add", "--all")
    run(folder, *GIT, "commit", "--quiet", "-m", "first")
    return folder


@pytest.fixture
def reproduce(monkeypatch: pytest.MonkeyPatch) -> Callable[..., engine.Results]:
    def reproduce(folder: Path, *targets: str, **options: Any) -> engine.Results:
        monkeypatch.chdir(folder)
        with View() as view:
            return engine.reproduce(
                list(targets), LocalProcesses(), view, lambda: None, jobs=2, **options
            )

    return reproduce


def dvc(folder: Path, *arguments: str) -> None:
    run(folder, sys.executable, "-m", "dvc", *arguments, check=False)


def contents(folder: Path) -> dict[str, bytes]:
    places = [folder / "dvc.lock", *(folder / "data").rglob("*")]
    return {str(p.relative_to(folder)): p.read_bytes() for p in places if p.is_file()}


def drop_outputs(folder: Path) -> None:
    shutil.rmtree(folder / "data")


def freeze(folder: Path) -> None:
    pipeline = yaml.safe_load((folder / "dvc.yaml").read_text())
    pipeline["stages"]["sum"]["frozen"] = True
    (folder / "dvc.yaml").write_text(yaml.safe_dump(pipeline, sort_keys=False))


def number(key: str, value: int) -> Callable[[Path], None]:
    return lambda folder: set_parameter(folder / "params.yaml", f"numbers.{key}.value", value)


# What is done to a project, one after the other, and the options of the run after it.
STORY: list[tuple[Callable[[Path], object], list[str], dict[str, Any]]] = [
    # With targets the order of new entries in dvc.lock is by chance, in dvc repro.
    (lambda folder: None, [], {}),
    (lambda folder: None, [], {}),  # nothing changed
    (number("a", 4), ["sum"], {}),  # alone and shout are no part of it
    (number("a", 5), [], {}),
    (number("b", -2), [], {}),  # fails
    (number("b", 7), ["write@b", "sum"], {"single_item": True}),
    (number("a", 1), [], {}),  # in part from the run cache
    (drop_outputs, [], {}),
    (lambda folder: (folder / "dvc.lock").unlink(), [], {}),
    (lambda folder: (folder / "dvc.lock").write_text("schema: '2.0'\n"), [], {}),
    (lambda folder: None, [], {"force": True}),
    (freeze, [], {}),
    (number("c", 4), [], {}),
]


def test_the_lock_and_the_results_are_those_of_dvc(
    project: Path, tmp_path: Path, reproduce: Callable[..., engine.Results]
) -> None:
    serial = tmp_path / "serial"
    shutil.copytree(project, serial, symlinks=True)
    for change, targets, options in STORY:
        for folder in (project, serial):
            change(folder)
        results = reproduce(project, *targets, **options)
        given = [f"--{name.replace('_', '-')}" for name in options]
        dvc(serial, "repro", "--keep-going", *targets, *given)
        assert contents(project) == contents(serial)
    assert results.failed.keys() == {"fails", "nothing"}  # whatever was asked
    assert reproduce(serial).ran == {}


def test_one_that_fails_stops_only_what_needs_it(
    project: Path,
    reproduce: Callable[..., engine.Results],
    capfd: pytest.CaptureFixture[str],
) -> None:
    set_parameter(project / "params.yaml", "numbers.a.value", -1)
    set_parameter(project / "params.yaml", "numbers.b.value", 666)
    results = reproduce(project)
    assert {name: results.failed.pop(name) for name in ("write@a", "write@b")} == {
        "write@a": "failed with status 1",
        "write@b": "was killed by signal 9",
    }
    assert results.skipped == ["sum", "shout"]
    left = read_json(project / FAILURES)
    assert set(left["failed"]) == {"write@a", "write@b", "fails", "nothing"}
    assert left["waiting"] == ["sum", "shout"]
    assert sorted(results.ran) == ["alone", "lines", "write@c"]
    assert results.logs["write@a"].read_text() == "writing a\nerror: a is negative\n"
    assert "write@a: failed with status 1\n    writing a\n    error: a is" in capfd.readouterr().out
    set_parameter(project / "params.yaml", "numbers.a.value", 1)
    set_parameter(project / "params.yaml", "numbers.b.value", 1)
    again = reproduce(project)
    assert sorted(again.ran) == ["shout", "sum", "write@a", "write@b"]


def test_one_that_the_kernel_kills_for_memory(
    project: Path, reproduce: Callable[..., engine.Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter([4, 5, 5, 5])
    monkeypatch.setattr(machine, "kernel_kills", lambda: next(counts))
    set_parameter(project / "params.yaml", "numbers.b.value", 666)
    results = reproduce(project)
    assert results.failed["write@b"].startswith("was killed by the kernel, because memory ran out")


def test_a_worktree(
    project: Path, tmp_path: Path, reproduce: Callable[..., engine.Results]
) -> None:
    reproduce(project)
    run(project, *GIT, "worktree", "add", "--quiet", str(tmp_path / "other"))
    (tmp_path / "other" / "program.py").write_text(PROGRAM.replace("str(sum(", "str(-sum("))
    reproduce(tmp_path / "other")
    assert (tmp_path / "other" / "data" / "sum").read_text() == "-6"
    assert (project / "data" / "sum").read_text() == "6"


def test_an_experiment_is_saved(project: Path, reproduce: Callable[..., engine.Results]) -> None:
    (project / "dvc.yaml").write_text(PIPELINE.partition("  fails:")[0])
    reproduce(project)
    run(project, "git", "add", "--all")
    run(project, *GIT, "commit", "--quiet", "-m", "results")
    set_parameter(project / "params.yaml", "numbers.a.value", 10)
    reproduce(project)
    run(project, sys.executable, "-m", "dvc", "exp", "save", "--name", "wider")
    run(project, "git", "checkout", "--quiet", "params.yaml", "dvc.lock")
    assert reproduce(project).ran == {}
    assert (project / "data" / "sum").read_text() == "6"
    run(project, sys.executable, "-m", "dvc", "exp", "apply", "wider")
    assert (project / "data" / "sum").read_text() == "15"
    results = reproduce(project)
    assert (results.ran, results.restored) == ({}, [])


class Edits(LocalProcesses):
    """While stages run, their user edits the code."""

    def wait(self, seconds: float) -> list[Finished]:
        found = super().wait(seconds)
        if found:
            file = Path("program.py")
            file.write_text(file.read_text() + "# edited\n")
        return found


def test_what_ran_with_other_code_is_no_result(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    with View() as view:
        results = engine.reproduce(["write@a"], Edits(), view, lambda: None, jobs=1)
    assert results.failed == {"write@a": "program.py changed while it ran; run it again"}
    assert not (project / "dvc.lock").exists()


@pytest.mark.parametrize(("target", "near"), [("sum@a", "sum"), ("wrte@a", "write@a")])
def test_an_unknown_target(
    project: Path, reproduce: Callable[..., engine.Results], target: str, near: str
) -> None:
    with pytest.raises(BadInput, match=f"unknown stage '{target}'; did you mean {near}"):
        reproduce(project, target)


def test_two_at_once(project: Path, reproduce: Callable[..., engine.Results]) -> None:
    program = (
        "from dvc.repo import Repo; import sys\n"
        "with Repo().lock: print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=project, stdin=-1, stdout=-1, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(BadInput, match=f"process {other.pid} .* is at work on this project"):
            reproduce(project)
        other.send_signal(signal.SIGKILL)
    assert reproduce(project, "write@a").ran.keys() == {"write@a"}


@pytest.mark.parametrize(
    ("threads", "cores", "jobs"), [(1, 8, 8), (2, 8, 4), (3, 8, 2), (16, 8, 1), (0, 8, 1)]
)
def test_stages_at_once(
    threads: int, cores: int, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "cores", lambda: cores)
    assert engine.jobs_for(threads) == jobs


def test_a_signal_that_is_ignored_stays_so() -> None:
    """nohup: the run outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with engine.on_signal(engine.interrupt):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is engine.interrupt
    finally:
        signal.signal(signal.SIGHUP, before)


RUN = """
from generative.pipeline import engine
from generative.pipeline.view import View
from generative.pipeline.workers import LocalProcesses

if __name__ == "__main__":
    with View() as view:
        engine.reproduce(["shout"], LocalProcesses(), view, lambda: None, jobs=2)
"""
BOOKKEEPING = "generative.pipeline.bookkeeping"
WINDOWS = {
    "an output in no cache": Kill("dvc.stage:Stage", "commit", 1, "before"),
    "an output in the cache and not in dvc.lock": Kill("dvc.stage:Stage", "commit", 2, "after"),
    "before dvc.lock is written": Kill(f"{BOOKKEEPING}:Bookkeeping", "write_lock", 1, "before"),
    "while dvc.lock is written": Kill(BOOKKEEPING, "dump_yaml", 1, "after"),
}
# The others are slow tests.
QUICK = ("an output in the cache and not in dvc.lock", "while dvc.lock is written")


@pytest.mark.parametrize("window", unless_quick(WINDOWS, QUICK))
def test_a_killed_run_goes_on(
    project: Path, reproduce: Callable[..., engine.Results], window: str
) -> None:
    for name, program in (("kill.py", KILLING), ("run.py", RUN)):
        (project / name).write_text(program)
    command = [sys.executable, "kill.py", *WINDOWS[window].arguments(), "run.py"]
    killed = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    assert not reproduce(project, "shout").failed
    assert not list(project.glob("*.part"))
    kept = contents(project)
    shutil.rmtree(project / "data")
    (project / "dvc.lock").unlink()
    shutil.rmtree(project / ".dvc" / "cache")
    dvc(project, "repro", "shout")
    assert contents(project) == kept
