"""Style transfer: speed, memory and what precision costs.

An evaluation of the loss and its gradient as the source writes it, where the content, the style and
the picture go through the network together each time, against ours, whose targets are computed
once. They take turns, so that whatever else the machine does slows all of them. Then, each in a
process of its own: the most memory that an evaluation needs, by size, and a whole picture.

    python benchmarks/style.py [--rounds 15] [--side 256]
"""

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from generative.core import runtime
from generative.style.vgg import network as vgg
from generative.core.runtime import Runtime
from generative.style.schema import Style
from generative.style import stylize as by_hand
from generative.style import losses
from generative.style import pictures
from generative.style.objective import Objective
from generative.style.transfer import Transfer

NETWORK = Path("data/networks/vgg16")
PHOTOGRAPHS = Path("data/raw/photographs")
CONTENT, STYLE = PHOTOGRAPHS / "astronaut.png", PHOTOGRAPHS / "ihc.png"  # both are square
SIDES = (256, 384, 512)

Array = np.ndarray


def block(side: int, preset: str = "fine") -> Style:
    return by_hand.options(CONTENT, STYLE, NETWORK, 500.0, "style", side, preset)


def arrays(side: int) -> tuple[Array, Array]:
    content, style = (pictures.read(file).resize((side, side)) for file in (CONTENT, STYLE))
    return pictures.to_array(content), pictures.to_array(style)


def source(network: keras.Model, content: Array, style: Array, options: Style) -> Any:
    """Loss and gradient of a picture, all three through the network each time."""
    wanted = {*options.content_layers, *options.style_layers}
    network = keras.Model(network.input, {name: network.output[name] for name in wanted})
    targets = tf.concat([tf.constant(content), tf.constant(style)], axis=0)
    pixels = float(content.shape[1] * content.shape[2])

    @tf.function
    def evaluate(picture: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(picture)
            seen = network(tf.concat([targets, picture], axis=0), training=False)
            loss = options.variation_weight * losses.variation(picture[0], "source")
            for name, share in options.content_layers.items():
                loss += share * losses.content(seen[name][2], seen[name][0], "source")
            for name, share in options.style_layers.items():
                grams = losses.gram(seen[name][2]), losses.gram(seen[name][1])
                places = float(np.prod(seen[name].shape[1:3]))
                loss += share * losses.style(*grams, places, pixels, "source")
        return loss, tape.gradient(loss, picture)

    def call(flat: Array) -> Any:
        loss, gradient = evaluate(tf.constant(flat.reshape(content.shape), tf.float32))
        return loss.numpy(), gradient.numpy()

    return call


def speed(side: int, rounds: int) -> Table:
    content, style = arrays(side)
    networks = {precision: vgg.load(NETWORK, precision) for precision in ("float32", "bfloat16")}
    ways: dict[str, Any] = {
        f"source, {precision}": source(network, content, style, block(side))
        for precision, network in networks.items()
    }
    for precision, network in networks.items():
        ways[f"ours, {precision}"] = Objective(
            network, content, [(style, 1.0)], block(side)
        ).evaluate
    picture = content.ravel().astype(np.float64)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, evaluate in ways.items():
            start = time.perf_counter()
            evaluate(picture)
            seconds[name].append(time.perf_counter() - start)
    table = Table(
        f"an evaluation at {side} x {side}", "ms, median", "ms, best", "ratio", "of bests"
    )
    first = next(iter(seconds.values()))[1:]  # the first round traces the graphs
    for name, (_, *times) in seconds.items():
        ratios = [a / b for a, b in zip(first, times, strict=True)]
        shown = [f"{1000 * summary(times):.0f}" for summary in (median, min)]
        table.add_row(name, *shown, f"{median(ratios):.2f}", f"{min(first) / min(times):.2f}")
    return table


def memory(side: int, precision: str) -> tuple[float, float]:
    """GiB at most of a process that evaluated some times, and before it did."""
    configure()
    network = vgg.load(NETWORK, precision)
    content, style = arrays(side)
    before = peak()
    objective = Objective(network, content, [(style, 1.0)], block(side))
    for _ in range(2):
        objective.evaluate(content.ravel().astype(np.float64))
    return peak(), before


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def whole(side: int, preset: str) -> tuple[float, float]:
    """Wall and processor seconds of `generative stylize`, without the start of Python."""
    start, begun = time.perf_counter(), time.process_time()
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out.png"
        by_hand.stylize(CONTENT, STYLE, out, NETWORK, 500.0, "style", side, preset, False)
    return time.perf_counter() - start, time.process_time() - begun


def final(side: int, precision: str) -> float:
    """The loss of a finished picture, measured in float32."""
    configure()
    options, exact = block(side), vgg.load(NETWORK)
    network = vgg.load(NETWORK, precision)
    transfer = Transfer(network, pictures.read(CONTENT), [(pictures.read(STYLE), 1.0)], options)
    transfer.run()
    _, objective = transfer.objective(options.scales[-1], options, exact)
    return objective.measure(transfer.finished())["total"]


def configure() -> None:
    runtime.configure(Runtime(determinism=True, threads=0, xla="auto"), seed=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--side", type=int, default=256)
    arguments = parser.parse_args()
    side, console = arguments.side, Console()
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        console.print(processes.submit(speed, side, arguments.rounds).result())

        table = Table("memory", "GiB, float32", "GiB, bfloat16", "of it before")
        for each in SIDES:
            used = [processes.submit(memory, each, p).result() for p in ("float32", "bfloat16")]
            table.add_row(f"{each} x {each}", *(f"{u:.2f}" for u, _ in used), f"{used[0][1]:.2f}")
        console.print(table)

        table = Table(f"a picture of {side} x {side}", "seconds", "processor seconds")
        for preset in by_hand.PRESETS:
            wall, processor = processes.submit(whole, side, preset).result()
            table.add_row(preset, f"{wall:.0f}", f"{processor:.0f}")
        console.print(table)

        table = Table(f"{side} x {side}, fine", "final loss")
        exact, other = (processes.submit(final, side, p).result() for p in ("float32", "bfloat16"))
        table.add_row("float32", f"{exact:.5g}")
        table.add_row("bfloat16", f"{other:.5g} ({100 * (other / exact - 1):+.2f} %)")
        console.print(table)


if __name__ == "__main__":
    main()
