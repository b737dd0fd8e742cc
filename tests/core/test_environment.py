"""What TensorFlow reads and prints."""

import subprocess
import sys

import pytest

IMPORT = """
import os
from generative.core import environment
import tensorflow, keras
print(tensorflow.config.list_physical_devices("GPU"), os.environ["TF_ENABLE_ONEDNN_OPTS"])
tensorflow.function(lambda x: x + 1)(1.0)
"""
TALK = """
import os, sys, warnings
from generative.core import environment
with environment.without_noise():
    os.write(2, b"I0000 00:00:17 port.cc:1] oneDNN is on\\n")
    os.write(2, b"WARNING: All log messages before absl\\n")
    print("mine", file=sys.stderr)
    {last}
"""


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


def test_an_import_prints_nothing() -> None:
    done = run(IMPORT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[-1] == "1"


@pytest.mark.parametrize("last", ["pass", "raise ValueError('mine')", "sys.exit('mine')"])
def test_what_is_not_tensorflows_is_kept(last: str) -> None:
    lines = run(TALK.format(last=last)).stderr.splitlines()
    assert lines[0] == "mine"
    assert not any("oneDNN" in line or "absl" in line for line in lines)
    assert "mine" in lines[-1]
