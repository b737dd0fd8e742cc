"""Time and memory of the measures of two sets of images, and of `prdc` where it is installed.

Each is measured in a process of its own: the best of several runs, and then, in a run that is not
timed, the most that numpy holds beyond its arguments.

    python benchmarks/image_metrics.py [--samples 10000] [--width 128] [--repeats 3]
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from multiprocessing import get_context

import numpy as np
from rich.console import Console
from rich.table import Table

from generative.image_quality import distances

Array = np.ndarray
SUBSETS, SUBSET_SIZE, NEIGHBOURS = 100, 1000, 5


def prdc(real: Array, fake: Array, train: Array) -> None:
    from prdc import compute_prdc

    with redirect_stdout(StringIO()):
        compute_prdc(real, fake, NEIGHBOURS)


MEASURES: dict[str, Callable[[Array, Array, Array], object]] = {
    "frechet_distance": lambda real, fake, train: distances.frechet_distance(real, fake),
    f"kernel_distance, {SUBSETS} of {SUBSET_SIZE}": lambda real, fake, train: (
        distances.kernel_distances(real, fake, subsets=SUBSETS, subset_size=SUBSET_SIZE, seed=0)
    ),
    "neighbourhoods": lambda real, fake, train: distances.neighbourhoods(
        real, fake, neighbours=NEIGHBOURS
    ),
    "nearest_train_ratio": lambda real, fake, train: distances.nearest_train_ratios(
        fake, train, test_distance=distances.nearest_train_distance(real, train)
    ),
    "prdc.compute_prdc": prdc,
}


def measure(name: str, samples: int, width: int, repeats: int) -> tuple[float, float]:
    """Seconds and MiB."""
    generator = np.random.default_rng(0)
    sets = [generator.standard_normal((samples, width), dtype=np.float32) for _ in range(3)]
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        MEASURES[name](*sets)
        seconds.append(time.perf_counter() - start)
    tracemalloc.start()
    MEASURES[name](*sets)
    _, peak = tracemalloc.get_traced_memory()
    return min(seconds), peak / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    sizes = (arguments.samples, arguments.width, arguments.repeats)

    names = [name for name in MEASURES if find_spec("prdc") or not name.startswith("prdc")]
    table = Table(f"{sizes[0]:,} x {sizes[0]:,} x {sizes[1]}", "seconds, best", "peak, MiB")
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        for name in names:
            seconds, peak = processes.submit(measure, name, *sizes).result()
            table.add_row(name, f"{seconds:.2f}", f"{peak:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
