"""Where the time of each training goes: tracing, steps and validation, one model after another.

Each model of params.yaml is trained in a process of its own on the prepared data, with its own
batches and `runtime.threads`: two short epochs, of which the first also traces and compiles.
`default` is what its full training should take at these rates. Of several precisions, in turns,
`rate` is how many steps each takes in the time of one in the first.

    python benchmarks/training.py [MODEL ...] [--calls 2] [--rounds 3] [--precision float32 auto]
"""

import argparse
import statistics
import subprocess
import sys
import time
from typing import Any

import keras
import tensorflow as tf
from rich.console import Console
from rich.progress import track
from rich.table import Table

from generative.core import members, params, runtime
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.training.fit import VALIDATION_BATCH, without_autotuning
from generative.training.schema import Train

COLUMNS = ("trace s", "ms a step", "validation s", "steps", "default, minutes")


def measure(key: str, calls: int, precision: str | None) -> tuple[float, ...]:
    """The columns of the table of one model."""
    train = params.read(f"train.{key}", Train)
    runtime.configure(params.read("runtime", Runtime), train.seed, precision or train.precision)
    data = Prepared.of(train.dataset, train.data)
    batches = data.batches(train.batch_size, train.seed)
    steps_per_epoch = train.steps_per_epoch or batches.steps
    model = members.network(train.network)(**data.facts(), **train.model)
    model.compile(steps_per_epoch * train.epochs)
    model.steps_per_execution = per_call = min(train.steps_per_call, steps_per_epoch)
    held_out = tf.data.Dataset.from_tensor_slices(data.load("validation"))
    held_out = without_autotuning(
        held_out.batch(getattr(model, "validation_batch", VALIDATION_BATCH))
    )
    endless = without_autotuning(batches.endless())

    def seconds(work: Any) -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    def train_for(number: int) -> float:
        options = {"epochs": 1, "steps_per_epoch": number, "shuffle": False, "verbose": 0}
        # Not the model's own, which may recompute statistics at the end.
        return seconds(lambda: keras.Model.fit(model, endless, **options))

    first = train_for(per_call)
    step = train_for(calls * per_call) / (calls * per_call)
    model.evaluate(held_out, verbose=0)
    validation = seconds(lambda: model.evaluate(held_out, verbose=0))
    trace, steps = first - step * per_call, steps_per_epoch * train.epochs
    return (
        trace,
        1000 * step,
        validation,
        steps,
        (trace + step * steps + validation * train.epochs) / 60,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--calls", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--precision", nargs="+", choices=["float32", "bfloat16", "auto"])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    precisions = arguments.precision or [None]
    if arguments.one:
        print(*measure(arguments.models[0], arguments.calls, precisions[0]))
        return
    table = Table("model", "precision", *COLUMNS, "rate")
    for key in track(arguments.models or list(params.read_document()["train"])):
        found: dict[str | None, list[list[float]]] = {precision: [] for precision in precisions}
        for _ in range(arguments.rounds):
            for precision in precisions:
                found[precision].append(apart(key, arguments.calls, precision))
        medians = {
            precision: [statistics.median(column) for column in zip(*rounds, strict=True)]
            for precision, rounds in found.items()
        }
        for precision, row in medians.items():
            rate = medians[precisions[0]][1] / row[1]
            table.add_row(key, precision, *(f"{x:.1f}" for x in row), f"{rate:.2f}")
    Console(width=120).print(table)


def apart(key: str, calls: int, precision: str | None) -> list[float]:
    """What `measure` finds, in a process of its own."""
    options = ["--one", "--calls", str(calls), *(["--precision", precision] if precision else [])]
    done = subprocess.run(
        [sys.executable, __file__, key, *options], check=True, capture_output=True, text=True
    )
    return [float(number) for number in done.stdout.splitlines()[-1].split()]


if __name__ == "__main__":
    main()
