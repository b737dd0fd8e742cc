"""What doctor finds of a machine: of this one, and of others that are made up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from generative.pipeline import health


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that knows one GPU."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    answer = "case $1 in -L) echo 'GPU 0: Some GPU';; *) echo 'Some GPU, 570.1, 200, 8000'"
    program.write_text(f"#!/bin/sh\n{answer};; esac\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def of_gpu(probed: dict[str, object]) -> health.Finding:
    (found,) = (finding for finding in health.devices(probed) if finding.name == "GPU")
    return found


def test_a_machine_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert of_gpu({"gpus": []}) == health.Finding("GPU", "none: no NVIDIA driver answers")


def test_a_gpu_that_works(driver: None) -> None:
    gpu = {"device_name": "Some GPU", "compute_capability": [8, 0]}
    names = [(finding.name, finding.found) for finding in health.devices({"gpus": [gpu]})][1:]
    assert names == [
        ("driver", "Some GPU, driver 570.1, 200 of 8000 MB free"),
        ("GPU", "Some GPU, capability 8.0"),
    ]


@pytest.mark.parametrize(
    ("free", "whole", "remedy"),
    [
        ("7000", "8000", ""),
        ("200", "8000", "end what else runs on this GPU"),
        ("1900", "2000", "lower batch_size, or hide this GPU"),
        ("[N/A]", "[N/A]", ""),
    ],
)
def test_a_gpu_with_too_little_memory(free: str, whole: str, remedy: str) -> None:
    found = health.lack_of_memory(free, whole)
    assert found.removeprefix("the largest training takes 3,046 MB and some room: ") == remedy


def test_make_takes_the_lock_of_the_machine(driver: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def planned(*arguments: str) -> str:
        command = ["make", "--dry-run", "--always-make", "lint", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "--requirement requirements-gpu.lock" in planned()
    assert "--requirement requirements.lock" in planned("LOCK=requirements.lock")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert "--requirement requirements.lock" in planned()


def test_a_driver_without_cuda_libraries(driver: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "installed", lambda _: "")
    assert of_gpu({"gpus": []}).remedy == "make lint LOCK=requirements-gpu.lock"
    monkeypatch.setattr(health, "installed", lambda _: "9.1")
    found = of_gpu({"gpus": [], "built_for": "12.5.1"})
    assert found.found == "TensorFlow, built for 12.5.1, cannot use it"
    assert "bring the driver up to date" in found.remedy


@pytest.mark.parametrize("visible", ["", "7", "-1"])
def test_hidden_gpus(driver: None, monkeypatch: pytest.MonkeyPatch, visible: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    found = of_gpu({"gpus": []})
    assert found.found == f"CUDA_VISIBLE_DEVICES is {visible!r}: it hides all"
    assert found.remedy


def test_versions_that_are_not_the_locks(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        f"numpy=={health.installed('numpy')} \\\n    --hash=sha256:0\n"
        "keras==0.0.1 ; python_version >= '3' \\\n"
        "no-such-package==1.0\n"
        "only-elsewhere==1.0 ; sys_platform == 'no-such'\n"
    )
    assert health.differing(lock) == [
        f"keras {health.installed('keras')}, not ==0.0.1",
        "no-such-package is missing, not ==1.0",
    ]
    assert health.differing(tmp_path / "none") == [f"{tmp_path}/none is missing"]


def test_a_full_disk_and_too_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any(finding.remedy for finding in health.resources())
    monkeypatch.setattr(health, "memory_mb", lambda: 100.0)
    monkeypatch.setattr(health, "LEAST_FILES", 10**12)
    assert all(finding.remedy for finding in health.resources())


def test_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Here, or to be had, or neither."""
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("profile: test\nfetch: [mnist]\n")
    monkeypatch.setattr(health, "answers", lambda url: False)
    (found,) = health.inputs()
    assert found.found.startswith("4 files to download; 0 of ")
    assert "GENERATIVE_MIRROR" in found.remedy
    monkeypatch.setattr(health, "answers", lambda url: True)
    assert not next(iter(health.inputs())).remedy
    Path("data/raw/mnist").mkdir(parents=True)
    assert list(health.inputs()) == [health.Finding("inputs", "all are here")]


def test_an_address_that_nobody_answers() -> None:
    assert not health.answers("http://127.0.0.1:9/file")


def test_a_tensorflow_that_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tensorflow.py").write_text("raise ImportError('libcudart.so.12 is missing')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    error = health.probe()["work"]["TensorFlow"]
    assert error == "ImportError: libcudart.so.12 is missing"


@pytest.mark.slow
def test_doctor_prints_json() -> None:
    program = "from generative.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "doctor", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    found = {finding["name"]: finding for finding in json.loads(done.stdout)}
    for task in ("matrix product", "convolution", "gradient", "deterministic step"):
        assert found[task]["found"] == "works"
    assert not found["results"]["remedy"]
