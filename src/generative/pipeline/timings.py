"""How long each stage took on this machine when it last ran. No result, so not in any."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from generative.core.folders import write_json

PATH = Path(".cache/timings.json")
# Of the whole default run on the machine of docs/timings.md: what is begun first where nothing was
# measured yet.
ELSEWHERE = Path(__file__).with_name("timings.json")
# Of a stage that has not run here yet.
UNKNOWN_SECONDS, UNKNOWN_MB = 20.0, 1500.0


@dataclass(frozen=True)
class Timing:
    """One run of one stage. start: seconds since the whole run began."""

    start: float
    seconds: float
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0


def read(path: Path = PATH) -> dict[str, Timing]:
    """By stage; empty where nothing was measured or the file is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {name: Timing(**values) for name, values in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def expected(profile: object) -> dict[str, Timing]:
    """What was measured here; of the default profile, what it lacks as it was elsewhere."""
    return {**(read(ELSEWHERE) if profile == "default" else {}), **read()}


def write(timings: Mapping[str, Timing], path: Path = PATH) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {name: asdict(timings[name]) for name in sorted(timings)})


def seconds_of(name: str, timings: Mapping[str, Timing]) -> float:
    return timings[name].seconds if name in timings else UNKNOWN_SECONDS


def memory_of(name: str, timings: Mapping[str, Timing]) -> float:
    """MB that a stage is expected to take."""
    return (timings[name].peak_mb if name in timings else 0) or UNKNOWN_MB


def longest_paths(needed_by: Mapping[Any, Iterable[Any]], seconds: Mapping[Any, float]) -> Any:
    """For each stage the seconds from its start to the end of the longest chain that waits for it.

    needed_by: the stages that each stage is needed by.
    """

    @cache
    def path(stage: Any) -> float:
        return seconds[stage] + max(map(path, needed_by[stage]), default=0.0)

    return {stage: path(stage) for stage in needed_by}


def clock(seconds: float) -> str:
    """Seconds, or minutes from two on."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def table(ran: Mapping[str, Timing]) -> str:
    """Where the time of a run went, in the order in which the stages began."""
    head = f"{'stage':<34}{'start':>9}{'seconds':>9}{'CPU s':>9}{'peak MB':>9}"
    rows = [
        f"{name:<34}{t.start:>9.1f}{t.seconds:>9.1f}{t.cpu_seconds:>9.1f}{t.peak_mb:>9.0f}"
        for name, t in sorted(ran.items(), key=lambda item: item[1].start)
    ]
    sums = [sum(getattr(t, n) for t in ran.values()) for n in ("seconds", "cpu_seconds")]
    return "\n".join([head, *rows, f"{'all':<34}{'':>9}{sums[0]:>9.1f}{sums[1]:>9.1f}"])
