"""Size and speed of the classifiers, each against `sequential`, in training and in inference.

They take turns, a part of an epoch each, so that whatever else the machine does slows all of them.

    python benchmarks/classifiers.py [--rounds 5] [--images 6400]
"""

import argparse
import time
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from generative.core import members, params, runtime
from generative.core.runtime import Runtime
from generative.datasets import mnist
from generative.training.fit import without_autotuning
from generative.training.schema import Train

PREPARED = Path("data/prepared/mnist")
KEYS = ("sequential", "functional", "inception", "residual", "separable")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=6400)
    arguments = parser.parse_args()
    device = runtime.configure(Runtime(determinism=False, threads=0, xla="auto"), 1, "auto")
    models, batches = {}, {}
    for key in KEYS:
        train = params.read(f"train.{key}", Train)
        models[key] = members.network(train.network)(**train.model)
        models[key].compile()
        models[key].steps_per_execution = train.steps_per_call
        data = mnist.batches(PREPARED, train.batch_size, train.seed, **train.data)
        batches[key] = without_autotuning(data.take(arguments.images // train.batch_size).epoch(0))
    images, _ = mnist.load(PREPARED, "test", binarization="none", binarization_seed=0)
    images = images[: arguments.images]

    seconds: dict[str, list[tuple[float, float]]] = {key: [] for key in KEYS}
    for _ in range(arguments.rounds + 1):
        for key, model in models.items():
            start = time.perf_counter()
            model.fit(batches[key], shuffle=False, verbose=0)
            middle = time.perf_counter()
            model.probabilities(images)
            seconds[key].append((middle - start, time.perf_counter() - middle))

    table = Table(
        "classifier", "parameters", "training images a second", "ratio", "inference", "ratio"
    )
    for key, model in models.items():
        row = [key, f"{model.count_params():,}"]
        for which in (0, 1):
            own = [pair[which] for pair in seconds[key][1:]]  # the first round traces the graphs
            first = [pair[which] for pair in seconds[KEYS[0]][1:]]
            ratio = median(a / b for a, b in zip(first, own, strict=True))
            row += [f"{arguments.images / median(own):,.0f}", f"{ratio:.2f}"]
        table.add_row(*row)
    Console().print(table)
    print(f"{device.name}, {device.precision}, {runtime.threads()} threads")


if __name__ == "__main__":
    main()
