"""`dvc repro` with its plan before it and its durations kept."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from generative.core.errors import BadInput
from generative.core.folders import write_json
from generative.pipeline.reasons import Reasons, all_reasons, open_repo

# How long each stage took here when it last ran: no result, so not in any.
DURATIONS = Path(".cache/durations.json")
RUNNING = "Running stage '"
# Where the judge was kept when code and results had another layout, and where it is kept now.
FORMER_JUDGE, JUDGE = Path("data/models/ensemble"), Path("data/judge")


def plan() -> list[Reasons]:
    """The stages that `dvc repro` would run, in order, with their reasons."""
    return [found for found in all_reasons(open_repo()) if found.runs]


def describe(reasons: Iterable[Reasons]) -> str:
    """The plan in lines: each stage, why it runs and how long it took last time."""
    lines, total, unknown = [], 0.0, 0
    known = durations()
    for found in reasons:
        name = found.stage.addressing
        seconds = known.get(name)
        total, unknown = total + (seconds or 0), unknown + (seconds is None)
        lines.append(f"{name}{'' if seconds is None else f' ({clock(seconds)})'}")
        lines += [f"    {line}" for line in found.lines]
        lines += [f"    {dep}: only words changed; generative accept" for dep in found.only_words]
        lines += [f"    after {', '.join(found.upstream)}"] if found.upstream else []
    if not lines:
        return "Every result is up to date."
    return "\n".join([*lines, summary(total, unknown)])


def summary(seconds: float, unknown: int) -> str:
    """How long it takes, as far as it was measured here."""
    if not seconds:
        return "How long it takes is not known: no stage of it has run here yet."
    beside = f", and {unknown} that have not run here yet" if unknown else ""
    return f"About {clock(seconds)}{beside}."


def clock(seconds: float) -> str:
    """Seconds, or minutes from two on."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def durations() -> dict[str, float]:
    """Seconds by stage."""
    try:
        found: dict[str, float] = json.loads(DURATIONS.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def repro(targets: list[str]) -> None:
    """Run `dvc repro` and keep how long each stage took. Raises `BadInput` if a stage fails."""
    if FORMER_JUDGE.exists() and not JUDGE.exists():
        print(
            "the results under data/ are of an older layout: every stage runs again, once, about "
            "100 minutes on two cores; nothing of yours is deleted",
            flush=True,
        )
    command = [sys.executable, "-m", "dvc", "repro", *targets]
    known, name, begun = durations(), "", 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            if line.startswith((RUNNING, "Stage '", "Updating lock file")) and name:
                known[name], name = round(time.monotonic() - begun, 1), ""
            if line.startswith(RUNNING):
                name, begun = line.removeprefix(RUNNING).split("'")[0], time.monotonic()
    DURATIONS.parent.mkdir(exist_ok=True)
    write_json(DURATIONS, known)
    if process.returncode:
        raise BadInput("dvc repro failed; its messages are above")
