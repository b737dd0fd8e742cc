"""What the checkpoint after each epoch costs: seconds, megabytes, share of the training's time.

The state is that of the whole training, with all its snapshots and metrics, so that of the last and
largest checkpoint. The training's time is what its stage took in this checkout, or where the
project was measured.

    python benchmarks/checkpoints.py [MODEL ...] [--rounds 3]
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

from generative.core import members, params
from generative.datasets.base.dataset import Prepared
from generative.pipeline import timings
from generative.training.callbacks import BestWeights, LastFiniteWeights, Snapshots
from generative.training.checkpoint import Checkpoint, optimizers
from generative.training.fit import select
from generative.training.schema import Train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    known = timings.expected("default")
    table = Table("model", "epochs", "MB", "s a checkpoint", "s the training", "share, %")
    for key in arguments.models or params.sections("train"):
        train = params.read(f"train.{key}", Train)
        size, seconds = measure(train, arguments.rounds)
        whole = known[f"train@{key}"].cpu_seconds
        share = 100 * seconds * train.epochs / whole
        row = (train.epochs, f"{size:.1f}", f"{seconds:.3f}", f"{whole:.0f}", f"{share:.2f}")
        table.add_row(key, *map(str, row))
        print(key, *row, flush=True)
    Console(width=100).print(table)


def measure(train: Train, rounds: int) -> tuple[float, float]:
    """Megabytes and the median seconds of the last checkpoint of `train`."""
    keras.backend.clear_session()
    data = Prepared.of(train.dataset, train.data)
    model = members.network(train.network)(**data.facts(), **train.model)
    model.compile(train.epochs)
    inputs, _ = data.load("validation")
    snapshots = Snapshots(select(inputs, slice(train.snapshot_count)), train.snapshot_count, ignore)
    callbacks: list[keras.callbacks.Callback] = [LastFiniteWeights(), snapshots]
    if train.keep == "best":
        callbacks.append(BestWeights())
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Checkpoint(Path(folder, "checkpoint.npz"), callbacks)
        for callback in (*callbacks, checkpoint):
            callback.set_model(model)
            callback.on_train_begin()
        snapshots.on_epoch_end(0, {"val_loss": 1.0})
        snapshots.frames *= train.epochs
        for optimizer in optimizers(model):
            if not optimizer.built:
                optimizer.build(model.trainable_variables)
        checkpoint.rows = [{"loss": 1.0}] * (train.epochs - 1)
        seconds = []
        for _ in range(rounds):
            begun = time.perf_counter()
            checkpoint.on_epoch_end(0, {"loss": 1.0})
            seconds.append(time.perf_counter() - begun)
            checkpoint.rows.pop()
        return checkpoint.file.stat().st_size / 1e6, statistics.median(seconds)


def ignore(epoch: int, values: dict[str, float], frame: np.ndarray | None) -> None:
    """Snapshots go nowhere else."""


if __name__ == "__main__":
    main()
