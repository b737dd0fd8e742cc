"""Speed of text models: generation and training beside the loops of a tutorial.

Chollet (2017), section 8.1, turns windows of 60 characters, one every 3, into one-hot vectors,
trains an LSTM of 128 units to predict the character after each, and generates with one
`model.predict` a character. Ours is `char_lstm` with as many units. They take turns, so that
whatever else the machine does slows all of them.

    python benchmarks/text.py [--repeats 5]
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from rich.console import Console
from rich.table import Table

from generative.core import runtime
from generative.core.runtime import Runtime
from generative.datasets import shakespeare
from generative.text.char_lstm import CharLSTM
from generative.training.fit import without_autotuning

PREPARED = Path("data/prepared/shakespeare")
WINDOW, STEP, UNITS, BATCH, STEPS = 60, 3, 128, 128, 20
# Characters to generate; fewer by Chollet's loop, which makes a few a second.
FEW, MANY = 12, 1000

Ids = np.ndarray


def chollet_model(characters: int) -> keras.Model:
    model = keras.Sequential(
        [
            layers.Input((WINDOW, characters)),
            layers.LSTM(UNITS),
            layers.Dense(characters, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.RMSprop(0.01), "categorical_crossentropy")
    return model


def our_model(characters: str, units: int = UNITS) -> CharLSTM:
    model = CharLSTM(
        characters,
        cell="lstm",
        embedding_size=32,
        units=units,
        depth=1,
        dropout=0.0,
        optimizer={"class_name": "Adam", "config": {"global_clipnorm": 1.0}},
        learning_rate=0.002,
        learning_rate_decay="none",
        snapshot_prompt="fixed",
    )
    model.compile()
    return model


def windows(ids: Ids, count: int, characters: int) -> tuple[np.ndarray, np.ndarray]:
    """One-hot inputs [count, 60, characters] and targets [count, characters], as Chollet's."""
    one_hot = np.eye(characters, dtype=bool)
    starts = range(0, count * STEP, STEP)
    inputs = np.stack([one_hot[ids[start : start + WINDOW] - 1] for start in starts])
    return inputs, one_hot[[ids[start + WINDOW] - 1 for start in starts]]


def one_by_one(model: keras.Model, ids: Ids, characters: int) -> Callable[[], int]:
    """Chollet's loop, as a function that returns how many characters it generated."""

    def generate() -> int:
        window = np.eye(characters, dtype=bool)[ids[:WINDOW] - 1]
        for _ in range(FEW):
            probabilities = model.predict(window[np.newaxis], verbose=0)[0].astype("float64")
            probabilities /= probabilities.sum()
            sampled = np.random.default_rng(0).multinomial(1, probabilities)
            window = np.concatenate([window[1:], sampled[np.newaxis].astype(bool)])
        return FEW

    return generate


def in_one_call(model: CharLSTM, count: int, characters: int = MANY) -> Callable[[], int]:
    def generate() -> int:
        texts = model.generate(count, 1, characters=characters)
        return sum(map(len, texts))

    return generate


def fit_windows(model: keras.Model, ids: Ids, characters: int) -> Callable[[], int]:
    inputs, targets = windows(ids, STEPS * BATCH, characters)

    def train() -> int:
        model.fit(inputs, targets, batch_size=BATCH, verbose=0)
        return len(targets)

    return train


def fit_ours(
    model: CharLSTM, windows: shakespeare.Windows, length: int = WINDOW
) -> Callable[[], int]:
    """A function that takes `STEPS` as `training.fit` does, and returns how many characters were
    predicted."""
    batches = shakespeare.batches(
        PREPARED, BATCH, 1, windows=windows, length=length, carried=8, step=STEP
    )
    batches = batches.take(STEPS).epoch(0).cache()
    model.steps_per_execution = STEPS
    predicted = sum(int(np.count_nonzero(targets)) for _, targets in batches)

    def train() -> int:
        model.fit(without_autotuning(batches), shuffle=False, verbose=0)
        return predicted

    return train


def measure(ways: dict[str, Callable[[], int]], repeats: int) -> dict[str, list[float]]:
    """Characters a second of each, all of them in turn; the first time traces the graphs."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            characters = way()
            rates[name].append(characters / (time.perf_counter() - start))
    return {name: found[1:] for name, found in rates.items()}


def against_first(title: str, rates: dict[str, list[float]]) -> Table:
    table = Table(title, "characters a second, median", "best", "ratio, median", "of bests")
    first = next(iter(rates.values()))
    for name, found in rates.items():
        ratios = [a / b for a, b in zip(found, first, strict=True)]
        rate = [f"{median(found):,.0f}", f"{max(found):,.0f}"]
        table.add_row(name, *rate, f"{median(ratios):,.1f}", f"{max(found) / max(first):,.1f}")
    return table


def growth(vocabulary: str, repeats: int) -> Table:
    """Medians over units and over length, each of our ways in turn."""
    ways: dict[str, Callable[[], int]] = {}
    for units in (128, 256, 512):
        model = our_model(vocabulary, units)
        ways[f"generate, 1 text of {MANY}, {units} units"] = in_one_call(model, 1)
        ways[f"generate, 64 texts of {MANY}, {units} units"] = in_one_call(model, 64)
        ways[f"train, chunks of {WINDOW}, {units} units"] = fit_ours(model, "chunks")
    small = our_model(vocabulary)
    for characters in (250, 4 * MANY):
        name = f"generate, 1 text of {characters}, {UNITS} units"
        ways[name] = in_one_call(small, 1, characters)
    for length in (30, 120, 240):
        model = our_model(vocabulary)
        ways[f"train, chunks of {length}, {UNITS} units"] = fit_ours(model, "chunks", length)
    table = Table("growth", "characters a second, median", "best")
    for name, found in sorted(measure(ways, repeats).items()):
        table.add_row(name, f"{median(found):,.0f}", f"{max(found):,.0f}")
    return table


def memory(ids: Ids, characters: int) -> Table:
    inputs, targets = windows(ids, 1000, characters)
    one_hot = (inputs.nbytes + targets.nbytes) / 1000 / STEP
    table = Table("prepared text", "bytes a character")
    table.add_row("one-hot windows, one every 3 characters", f"{one_hot:,.0f}")
    table.add_row("ids", f"{ids.nbytes / len(ids):,.0f}")
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    device = runtime.configure(Runtime(determinism=False, threads=0, xla="auto"), 1, "float32")
    chunks: dict[str, Any] = {"windows": "chunks", "length": WINDOW, "carried": 8, "step": STEP}
    vocabulary = shakespeare.facts(PREPARED, **chunks)["vocabulary"]
    characters, ids = len(vocabulary), shakespeare.stream(PREPARED, "train")
    chollet, model = chollet_model(characters), our_model(vocabulary)
    generating: dict[str, Any] = {
        "model.predict a character": one_by_one(chollet, ids, characters),
        "one loop, 1 text": in_one_call(model, 1),
        "one loop, 64 texts": in_one_call(model, 64),
    }
    learning: dict[str, Any] = {
        "one-hot windows, last character": fit_windows(chollet, ids, characters),
        "windows: last_character": fit_ours(our_model(vocabulary), "last_character"),
        "windows: chunks": fit_ours(our_model(vocabulary), "chunks"),
    }
    console = Console(width=110)
    console.print(against_first(f"generation, LSTM of {UNITS} units", measure(generating, repeats)))
    title = f"training, LSTM of {UNITS} units, batches of {BATCH}, length {WINDOW}"
    console.print(against_first(title, measure(learning, repeats)))
    console.print(memory(ids, characters))
    console.print(growth(vocabulary, repeats))
    print(f"{device.name}, {runtime.threads()} threads, TensorFlow {tf.__version__}, float32")


if __name__ == "__main__":
    main()
