"""How long things take before they do anything: a stage's imports, and what DVC reads to see that
nothing changed.

python benchmarks/start_up.py [--rounds 5]
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    load = "import runpy; runpy.run_path('{}')"
    stages = sorted(Path("stages").glob("*.py"))
    commands = {
        "import tensorflow": [sys.executable, "-c", "import tensorflow"],
        **{f"load {stage}": [sys.executable, "-c", load.format(stage)] for stage in stages},
        # These run no stage, whatever is out of date.
        "dvc status": [sys.executable, "-m", "dvc", "status", "--quiet"],
        "dvc repro --dry": [sys.executable, "-m", "dvc", "repro", "--dry"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            start = time.perf_counter()
            # `dvc status --quiet` exits with 1 where something changed.
            subprocess.run(command, check=False, capture_output=True)
            seconds[name].append(time.perf_counter() - start)

    table = Table("what", "seconds, median", "best", "best, beyond import tensorflow")
    tensorflow = min(seconds["import tensorflow"])
    for name, times in seconds.items():
        beyond = f"{min(times) - tensorflow:+.2f}"
        table.add_row(name, f"{median(times):.2f}", f"{min(times):.2f}", beyond)
    Console().print(table)


if __name__ == "__main__":
    main()
