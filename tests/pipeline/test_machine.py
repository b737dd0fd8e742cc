"""A container's limits hold where it has some."""

import os
from pathlib import Path

import psutil
import pytest

from generative.pipeline import machine


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("content", "cores"),
    [(None, 8), ("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("150000 100000", 2)],
)
def test_cores(content: str | None, cores: int, cgroup: Path) -> None:
    if content:
        (cgroup / "cpu.max").write_text(f"{content}\n")
    assert machine.cores() == cores


def test_memory(cgroup: Path) -> None:
    available = psutil.virtual_memory().available / 1024**2
    assert machine.memory_mb() == pytest.approx(available, rel=0.1)
    (cgroup / "memory.max").write_text("max\n")
    assert machine.memory_mb() == pytest.approx(available, rel=0.1)
    (cgroup / "memory.max").write_text(f"{300 * 1024**2}\n")
    (cgroup / "memory.current").write_text(f"{100 * 1024**2}\n")
    assert machine.memory_mb() == 200


def test_kills_of_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "VMSTAT", tmp_path / "vmstat")
    assert machine.kernel_kills() == 0
    (tmp_path / "vmstat").write_text("nr_free_pages 5\noom_kill_disable 7\noom_kill 3\n")
    assert machine.kernel_kills() == 3
