"""Kills at random moments: whatever is killed, however, the next run comes to the same bytes.

A small pipeline with one model a family is begun again and again, by `generative repro` and by
`dvc repro` in turn. At random moments one of its processes, or all, get SIGKILL or SIGTERM, or are
suspended, go on and are ended; what the kill leaves behind must be gone within seconds. Then it
runs to its end, and every output and dvc.lock are compared with those of a run that nobody
disturbed.

    python benchmarks/kills.py [--rounds 70] [--kills 3] [--seed 1]
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import yaml
from rich.console import Console
from rich.table import Table

from generative.core import params
from generative.core.folders import file_hash
from generative.pipeline import overlay, workspace

PROJECT = Path(__file__).resolve().parent.parent
# One model of each family, long enough to be killed within; and what they need.
KEPT = {
    "fetch": ["mnist", "shakespeare", "editions", "photographs", "alexnet", "vgg16"],
    "vgg": ["vgg16"],
    "prepare": ["mnist", "shakespeare", "lines"],
    "train": ["cvae", "cgan", "char_lstm", "functional", "siamese"],
    "style": ["coffee_retina"],
    "judge": [],
    "references": [],
    "generators": [],
    "disentanglement": [],
    "repeat": [],
    "objectives": [],
    "tune": [],
}
SIZES: dict[str, dict[str, dict[str, Any]]] = {
    "train": {
        "cvae": {"epochs": 6},
        "cgan": {"epochs": 6},
        "char_lstm": {"epochs": 4},
        "functional": {"epochs": 6},
        "siamese": {"epochs": 6},
    },
    "style": {"coffee_retina": {"content": "data/raw/photographs/coffee.png"}},
}
RUNNERS = {
    "generative repro": ["from generative.cli.main import main; main()", "repro"],
    "dvc repro": ["from dvc.cli import main; main()", "repro"],
}
SUSPENDED = 3.0  # seconds between SIGSTOP and SIGCONT
# Seconds: before a kill, until nothing may be left of what it hit, and a run at most.
SOONEST, LATEST, GONE, LIMIT = 2.0, 16.0, 10.0, 600


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=70)
    parser.add_argument("--kills", type=int, default=3, help="in each round")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    counts: dict[tuple[str, str, str, str], Counter[str]] = {}
    with tempfile.TemporaryDirectory(prefix="kills-") as temporary:
        # One folder for all, as paths may decide bytes.
        template, project = Path(temporary, "template"), Path(temporary, "project")
        make_template(template)
        expected = undisturbed(template, project)
        for number in range(arguments.rounds):
            begin_anew(template, project)
            kills = [disturb(project, chance) for _ in range(arguments.kills)]
            outcome = finish(project, chance.choice(list(RUNNERS)), expected)
            for runner, whom, name, phase, left in kills:
                row = counts.setdefault((runner, whom, name, phase), Counter())
                row["left a process behind" if left else outcome] += 1
            print(f"round {number + 1}: {kills} -> {outcome}", flush=True)
    report(counts)


def make_template(folder: Path) -> None:
    """A project of its own with its inputs prepared, and nothing trained."""
    workspace.copy(PROJECT, folder)
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    file = folder / "params.yaml"
    overlay.use(PROJECT / "profiles" / "smoke.yaml", file)
    document = params.read_document(file)
    for top, kept in KEPT.items():
        own = document[top]
        document[top] = kept if isinstance(own, list) else {k: own[k] for k in kept}
    for top, sections in SIZES.items():
        for key, values in sections.items():
            document[top][key].update(values)
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    for command in (["git", "init", "-q"], [sys.executable, "-m", "dvc", "init", "-q", "-f"]):
        subprocess.run(command, cwd=folder, check=True)
    identity = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost"]
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "start"], cwd=folder, check=True)
    done = start(folder, "generative repro", "fetch", "prepare", "vgg")
    assert done.wait(LIMIT) == 0, (folder / "output").read_text()


def start(folder: Path, runner: str, *targets: str) -> subprocess.Popen[bytes]:
    """The pipeline in `folder`, in a process group of its own."""
    program, *arguments = RUNNERS[runner]
    paths = {"PYTHONPATH": str(folder / "src"), "DVC_NO_ANALYTICS": "1"}
    with (folder / "output").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-c", program, *arguments, *targets],
            cwd=folder,
            env={**os.environ, **paths},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def begin_anew(template: Path, project: Path) -> None:
    shutil.rmtree(project, ignore_errors=True)
    subprocess.run(["cp", "-a", template, project], check=True)


def undisturbed(template: Path, project: Path) -> dict[str, str]:
    """The hash of every file that a run makes."""
    begin_anew(template, project)
    begun = time.monotonic()
    assert start(project, "generative repro").wait(LIMIT) == 0, (project / "output").read_text()
    print(f"undisturbed: {time.monotonic() - begun:.0f} s", flush=True)
    return hashes(project)


def hashes(project: Path) -> dict[str, str]:
    """Every stage in dvc.lock, and every file under data/. In dvc.lock and DVC's `.gitignore`s the
    order is that in which stages ended first."""
    stages = yaml.safe_load((project / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    files = (project / "data").rglob("*")
    kept = (file for file in files if file.is_file() and file.name != ".gitignore")
    return {
        **{f"dvc.lock, {name}": str(stage) for name, stage in stages.items()},
        **{str(file.relative_to(project)): file_hash(file) for file in kept},
    }


def disturb(project: Path, chance: random.Random) -> tuple[str, str, str, str, bool]:
    """Begin a run and kill something in it: by whom it was run, what was killed, how, while what
    went on; and whether something of it was left."""
    runner = chance.choice(list(RUNNERS))
    process = start(project, runner)
    time.sleep(chance.uniform(SOONEST, LATEST))
    below = members(project)
    stages = [p for p in below if p.pid != process.pid and is_stage(p)]
    phase = "stages" if stages else "between stages"
    number = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
    whom = chance.choice(["all", "the runner", "a stage"] if stages else ["all", "the runner"])
    hit = {"all": below, "the runner": [psutil.Process(process.pid)], "a stage": stages[:1]}[whom]
    send(number, hit)
    if number == signal.SIGSTOP:
        time.sleep(SUSPENDED)
        send(signal.SIGCONT, hit)
    if whom == "a stage" or number == signal.SIGSTOP:  # the run may go on: it is ended then
        time.sleep(2)
        send(signal.SIGTERM, [psutil.Process(process.pid)])
    deadline = time.monotonic() + GONE
    while (left := members(project)) and time.monotonic() < deadline:
        process.poll()
        time.sleep(0.1)
    for one in left:
        with suppress(psutil.Error):
            one.kill()
    process.wait()
    return runner, whom, number.name, phase, bool(left)


def send(number: signal.Signals, processes: list[psutil.Process]) -> None:
    """Send a signal to those that are still there."""
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def members(project: Path) -> list[psutil.Process]:
    """The processes that work in `project`."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(project):
                found.append(process)
    return found


def is_stage(process: psutil.Process) -> bool:
    """Whether it runs a stage: by DVC under its name, by the engine in a session of its own."""
    with suppress(psutil.Error, OSError):
        return "stages/" in " ".join(process.cmdline()) or os.getsid(process.pid) == process.pid
    return False


def finish(project: Path, runner: str, expected: dict[str, str]) -> str:
    """Run to the end: "equal", or what is not."""
    process = start(project, runner)
    if status := process.wait(LIMIT):
        return f"status {status}: {last_line(project / 'output')}"
    found = hashes(project)
    differing = sorted(n for n in found.keys() | expected.keys() if found.get(n) != expected.get(n))
    return f"differs: {', '.join(differing[:3])}" if differing else "equal"


def last_line(file: Path) -> str:
    return (file.read_text(errors="replace").strip().splitlines() or [""])[-1]


def report(counts: dict[tuple[str, str, str, str], Counter[str]]) -> None:
    outcomes = list(dict.fromkeys(name for row in counts.values() for name in row))
    table = Table("run by", "killed", "signal", "while", *outcomes)
    for kill, row in sorted(counts.items()):
        table.add_row(*kill, *(str(row[name] or "") for name in outcomes))
    total = Counter[str]()
    for row in counts.values():
        total.update(row)
    table.add_row("all", "", "", "", *(str(total[name]) for name in outcomes))
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
