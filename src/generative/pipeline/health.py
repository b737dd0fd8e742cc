"""Whether this machine can run the pipeline: device, libraries, memory, disk, inputs, versions."""

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from packaging.requirements import InvalidRequirement, Requirement

from generative.core import processor
from generative.core.params import read_document
from generative.datasets.download import DOWNLOADS, index_url
from generative.datasets.sources.schema import read_source
from generative.pipeline.machine import cores, memory_mb

PROBE_SECONDS = 300
# Results and cache of the default run have 0.3 GB, the environment 2, or with CUDA's libraries 7.
LEAST_DISK_GB, LEAST_FILES, LEAST_MEMORY_MB = 2, 10_000, 4000
LARGEST_TRAINING_MB = 3046  # of the profile `full` (docs/gpu.md)
LEAST_GPU_MB = 4000
REACH_SECONDS = 5


@dataclass(frozen=True)
class Finding:
    """What was found of one thing; `remedy` says what to do where that is bad."""

    name: str
    found: str
    remedy: str = ""


def findings() -> Iterator[Finding]:
    """All that is found, one after the other."""
    yield from environment()
    probed = probe()
    yield from devices(probed)
    for task, error in probed.get("work", {}).items():
        remedy = (
            "mend what it says; TensorFlow's guide: tensorflow.org/install/pip" if error else ""
        )
        yield Finding(task, error or "works", remedy)
    yield from resources()
    yield from inputs()


def environment() -> Iterator[Finding]:
    """Whether what is installed is what the lock names."""
    lock = installed_lock()
    wrong = differing(lock)
    named = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
    remedy = f"rm -rf .venv && make lint LOCK={lock}" if wrong else ""
    yield Finding("versions", named or f"as {lock} names them", remedy)


def installed_lock() -> Path:
    """The lock that the environment was made of: make leaves `<lock>.ready` in it."""
    ready = sorted(Path(sys.prefix).glob("*.ready"), key=lambda file: file.stat().st_mtime)
    return Path(ready[-1].stem if ready else "requirements.lock")


def differing(lock: Path) -> list[str]:
    """The packages of `lock` that this machine needs and has not, or in another version."""
    if not lock.exists():
        return [f"{lock} is missing"]
    found = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        with suppress(InvalidRequirement):
            needed = Requirement(line.partition("\\")[0])
            if needed.specifier and (not needed.marker or needed.marker.evaluate()):
                version = installed(needed.name)
                if version not in needed.specifier:
                    found.append(f"{needed.name} {version or 'is missing'}, not {needed.specifier}")
    return found


def installed(package: str) -> str:
    """The version of a package that is installed; empty for one that is not."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def probe() -> dict[str, Any]:
    """What `probe.py` prints; what ended it, where it printed nothing."""
    command = [sys.executable, "-m", "generative.pipeline.probe"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS)
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found
    except subprocess.TimeoutExpired:
        return {"work": {"TensorFlow": f"it has not answered in {PROBE_SECONDS} s"}}
    except (ValueError, IndexError):
        last = (done.stderr.splitlines() or [f"it ended with status {done.returncode}"])[-1]
        return {"work": {"TensorFlow": last}}


def devices(probed: dict[str, Any]) -> Iterator[Finding]:
    """The processor, the GPUs that TensorFlow uses, and what the driver knows."""
    yield Finding("processor", f"{cores()} cores, {platform.machine()}, {bits()}")
    driver = query_driver()
    for name, version, free, whole in driver:
        found = f"{name}, driver {version}, {free} of {whole} MB free"
        yield Finding("driver", found, lack_of_memory(free, whole))
    gpus = probed.get("gpus", [])
    for gpu in gpus:
        capability = ".".join(map(str, gpu.get("compute_capability", ())))
        yield Finding("GPU", f"{gpu.get('device_name', 'unknown')}, capability {capability}")
    if gpus:
        return
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if not driver:
        yield Finding("GPU", "none: no NVIDIA driver answers")
    elif visible is not None:
        yield Finding("GPU", f"CUDA_VISIBLE_DEVICES is {visible!r}: it hides all", "unset it")
    elif not installed("nvidia-cudnn-cu12"):
        yield Finding(
            "GPU", "CUDA's libraries are not installed", "make lint LOCK=requirements-gpu.lock"
        )
    else:
        built = probed.get("built_for") or "no CUDA"
        yield Finding(
            "GPU",
            f"TensorFlow, built for {built}, cannot use it",
            "bring the driver up to date; or rm -rf .venv && make lint LOCK=requirements-gpu.lock",
        )


def lack_of_memory(free: str, whole: str) -> str:
    """What to do about a GPU with so many MB, in figures if the driver knows them."""
    largest = f"the largest training takes {LARGEST_TRAINING_MB:,} MB and some room"
    if whole.isdecimal() and int(whole) < LEAST_GPU_MB:
        return f"{largest}: lower batch_size, or hide this GPU"
    if free.isdecimal() and int(free) < LEAST_GPU_MB:
        return f"{largest}: end what else runs on this GPU"
    return ""


def bits() -> str:
    """The instruction sets that decide how fast this processor is."""
    flags = processor.flags()
    if not flags:
        return "instruction sets unknown"
    known = {"avx2": "AVX2", "avx512f": "AVX-512", "avx512_bf16": "AVX-512 BF16", "amx_bf16": "AMX"}
    return ", ".join(name for flag, name in known.items() if flag in flags) or "no AVX2"


def query_driver() -> list[list[str]]:
    """Name, driver, free and whole memory in MB of each GPU that the driver knows."""
    if not shutil.which("nvidia-smi"):
        return []
    fields = "name,driver_version,memory.free,memory.total"
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        return [line.rsplit(", ", 3) for line in done.stdout.splitlines() if line.count(", ") >= 3]
    return []


def resources() -> Iterator[Finding]:
    """Memory, and room where results and the cache are."""
    memory = memory_mb()
    few = "close other programs, or set --jobs 1" if memory < LEAST_MEMORY_MB else ""
    yield Finding("memory", f"{memory:,.0f} MB free", few)
    for name, folder in (("disk", Path(".")), ("cache", Path(".dvc/cache"))):
        if not folder.exists():
            continue
        room = os.statvfs(folder)
        free, files = room.f_bavail * room.f_frsize / 1e9, room.f_favail
        full = free < LEAST_DISK_GB or (room.f_files and files < LEAST_FILES)
        remedy = (
            f"make room; {LEAST_DISK_GB} GB and {LEAST_FILES:,} files are needed" if full else ""
        )
        counted = f", {files:,} files" if room.f_files else ""
        yield Finding(name, f"{free:,.1f} GB free{counted}", remedy)


def inputs() -> Iterator[Finding]:
    """Whether what is fetched is here, or can be."""
    away: list[str] = []
    places: dict[str, str] = {}  # one address of each host
    for key in read_document().get("fetch") or []:
        if not Path("data/raw", key).exists():
            for pinned in read_source(key).files:
                kept = DOWNLOADS / (pinned.sha256 or pinned.md5 or pinned.name)
                if not kept.exists():
                    away.append(pinned.name)
                    urls = (pinned.origin, index_url() if pinned.archive else None)
                    places |= {urlsplit(url).netloc: url for url in urls if url}
    if not away:
        yield Finding("inputs", "all are here")
        return
    with ThreadPoolExecutor(len(places)) as pool:
        reached = sum(pool.map(answers, places.values()))
    yield Finding(
        "inputs",
        f"{len(away)} files to download; {reached} of {len(places)} places answer",
        "" if reached else "put the files into a folder and set GENERATIVE_MIRROR to that folder",
    )


def answers(url: str) -> bool:
    """Whether the host of `url` answers, whatever it says."""
    with suppress(requests.RequestException):
        requests.head(url, timeout=REACH_SECONDS)
        return True
    return False
