"""The profile `full`: every network takes steps at its size, in the memory that is recorded."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generative.core import params
from generative.pipeline import overlay
from tests.support.training import KEYS, SECTIONS

COMMITTED = [key for key in KEYS if key in params.sections("train")]


@pytest.fixture(scope="module")
def full_params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """params.yaml with the profile."""
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(params.PATH.read_text())
    overlay.use(Path("profiles/full.yaml"), file)
    return file


@pytest.mark.slow
@pytest.mark.parametrize("key", COMMITTED)
def test_three_steps(
    key: str,
    full_params: Path,
    tiny_params: Path,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    """In a process of its own, whose memory is no other network's."""
    prepared: Path = request.getfixturevalue(f"prepared_{SECTIONS[key]['dataset']}")
    program = [sys.executable, "-m", "tests.support.full_profile", key]
    done = subprocess.run(
        [*program, str(full_params), str(tiny_params), str(prepared)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    record_property("peak_mb", int(done.stdout.split()[-1]))
