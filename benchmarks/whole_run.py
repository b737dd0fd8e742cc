"""The whole pipeline with the smoke profile: `dvc repro`, and the engine with one and two jobs.

python benchmarks/whole_run.py [--profile smoke]

Each starts from nothing but the downloads, in a workspace and with a cache of its own.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from generative.cli.params import find_profile
from generative.pipeline import workspace

GENERATIVE = "from generative.cli.main import main; main()"
WAYS = {
    "dvc repro": ["-m", "dvc", "repro", "--quiet"],
    "generative repro --jobs 1": ["-c", GENERATIVE, "repro", "--jobs", "1"],
    "generative repro --jobs 2": ["-c", GENERATIVE, "repro", "--jobs", "2"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="smoke")
    profile = find_profile(parser.parse_args().profile)
    table = Table("way", "minutes", "ratio", "dvc.lock")
    seconds: list[float] = []
    locks: list[bytes] = []
    for way, command in WAYS.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "project"
            workspace.create(profile, folder)
            config = folder / ".dvc" / "config"
            config.write_text(config.read_text().partition("    dir = ")[0])
            environment = {**os.environ, "PYTHONPATH": str(folder / "src")}
            start = time.perf_counter()
            subprocess.run([sys.executable, *command], cwd=folder, env=environment, check=True)
            seconds.append(time.perf_counter() - start)
            locks.append((folder / "dvc.lock").read_bytes())
            shutil.rmtree(folder)
        same = "the first" if len(locks) == 1 else "equal" if locks[-1] == locks[0] else "OTHER"
        table.add_row(way, f"{seconds[-1] / 60:.1f}", f"{seconds[0] / seconds[-1]:.2f}", same)
    Console().print(table)


if __name__ == "__main__":
    main()
