"""How long things take before they do anything: a stage's imports, and `dvc repro` with no change.

python benchmarks/start_up.py [--rounds 5]
"""

import argparse
import subprocess
import sys
import time
from statistics import median

from rich.console import Console
from rich.table import Table

STAGES = ("fetch", "prepare", "train", "evaluate", "render", "report", "publish")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    load = "import runpy; runpy.run_path('stages/{}.py')"
    commands = {
        "import tensorflow": [sys.executable, "-c", "import tensorflow"],
        **{f"load stages/{s}.py": [sys.executable, "-c", load.format(s)] for s in STAGES},
        "dvc repro, nothing changed": [sys.executable, "-m", "dvc", "repro"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - start)

    table = Table("what", "seconds, median", "best", "best, beyond import tensorflow")
    tensorflow = min(seconds["import tensorflow"])
    for name, times in seconds.items():
        beyond = f"{min(times) - tensorflow:+.2f}"
        table.add_row(name, f"{median(times):.2f}", f"{min(times):.2f}", beyond)
    Console().print(table)


if __name__ == "__main__":
    main()
