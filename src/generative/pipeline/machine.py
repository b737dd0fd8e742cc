"""What this process may use of the machine: a container has less than all of it."""

import math
import os
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")  # version 2, as a container sees its own
VMSTAT = Path("/proc/vmstat")  # what the kernel counts


def cores() -> int:
    """The number of cores that this process may use."""
    allowed = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    quota, _, period = limit("cpu.max").partition(" ")  # microseconds of each period
    if quota.isdigit():
        allowed = min(allowed, max(1, math.ceil(int(quota) / int(period))))
    return allowed


def memory_mb() -> float:
    """The memory that is left for this process and those that it starts."""
    left = psutil.virtual_memory().available
    most = limit("memory.max")
    if most.isdigit():
        left = min(left, int(most) - int(limit("memory.current") or 0))
    return left / 1024**2


def limit(name: str) -> str:
    """What the container is limited to; empty where there is none."""
    try:
        return (CGROUP / name).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def kernel_kills() -> int:
    """How many processes, of this container if it is one, the kernel has killed because memory ran
    out; 0 where it does not say."""
    try:
        counts = limit("memory.events") or VMSTAT.read_text(encoding="utf-8")
    except OSError:
        return 0
    lines = (line.split() for line in counts.splitlines())
    return sum(int(count) for name, count in lines if name == "oom_kill")
