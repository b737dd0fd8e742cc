"""Style transfer: speed, memory and the effect of precision.

An evaluation of the loss and its gradient as Keras' example writes it, where the content, the style
and the picture go through the network together each time, against `Objective`, whose targets are
computed once. They take turns, so that whatever else the machine does slows all of them. Then, each
in a process of its own: the peak memory of an evaluation, by size, and a whole picture.

    python benchmarks/style.py [--repeats 15] [--side 256]
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

from generative.core import params, runtime
from generative.core.runtime import Runtime
from generative.style import losses, pictures, stylize
from generative.style.objective import Objective
from generative.style.schema import Style
from generative.style.transfer import Transfer
from generative.style.vgg.network import load

NETWORK = Path("data/networks/vgg16")
PHOTOGRAPHS = Path("data/raw/photographs")
CONTENT, STYLE = PHOTOGRAPHS / "astronaut.png", PHOTOGRAPHS / "ihc.png"  # both are square
SIDES = (256, 384, 512)

Array = np.ndarray


def make_options(side: int) -> Style:
    return stylize.make_options(CONTENT, STYLE, size=side, preset="fine", network=NETWORK)


def make_arrays(side: int) -> tuple[Array, Array]:
    content, style = (pictures.read(file).resize((side, side)) for file in (CONTENT, STYLE))
    return pictures.to_array(content), pictures.to_array(style)


def keras_example(network: keras.Model, content: Array, style: Array, options: Style) -> Any:
    """Loss and gradient of a picture, all three through the network each time."""
    layers = {*options.content_layers, *options.style_layers}
    network = keras.Model(network.input, {name: network.output[name] for name in layers})
    targets = tf.concat([tf.constant(content), tf.constant(style)], axis=0)
    pixels = float(content.shape[1] * content.shape[2])

    @tf.function
    def evaluate(picture: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(picture)
            features = network(tf.concat([targets, picture], axis=0), training=False)
            loss = options.variation_weight * losses.total_variation(picture[0], "source")
            for name, share in options.content_layers.items():
                target, _, found = tf.unstack(features[name])
                loss += share * losses.content_loss(found, target, "source")
            for name, share in options.style_layers.items():
                grams = losses.gram_matrix(features[name][2]), losses.gram_matrix(features[name][1])
                positions = float(np.prod(features[name].shape[1:3]))
                loss += share * losses.style_loss(*grams, positions, pixels, "source")
        return loss, tape.gradient(loss, picture)

    def call(flat: Array) -> Any:
        loss, gradient = evaluate(tf.constant(flat.reshape(content.shape), tf.float32))
        return loss.numpy(), gradient.numpy()

    return call


def speed(side: int, repeats: int) -> Table:
    content, style = make_arrays(side)
    options = make_options(side)
    networks = {precision: load(NETWORK, precision) for precision in ("float32", "bfloat16")}
    variants: dict[str, Any] = {
        f"Keras' example, {precision}": keras_example(network, content, style, options)
        for precision, network in networks.items()
    }
    for precision, network in networks.items():
        objective = Objective(network, content, [(style, 1.0)], options)
        variants[f"Objective, {precision}"] = objective.evaluate
    picture = content.ravel().astype(np.float64)
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(repeats + 1):
        for name, evaluate in variants.items():
            start = time.perf_counter()
            evaluate(picture)
            seconds[name].append(time.perf_counter() - start)
    table = Table(
        f"an evaluation at {side} x {side}", "ms, median", "ms, best", "ratio", "of bests"
    )
    first = next(iter(seconds.values()))[1:]  # the first repeat traces the graphs
    for name, (_, *times) in seconds.items():
        ratios = [a / b for a, b in zip(first, times, strict=True)]
        milliseconds = [f"{1000 * summary(times):.0f}" for summary in (median, min)]
        table.add_row(
            name, *milliseconds, f"{median(ratios):.2f}", f"{min(first) / min(times):.2f}"
        )
    return table


def memory(side: int, precision: str) -> tuple[float, float]:
    """GiB at most of a process that evaluated some times, and before it did."""
    configure()
    network = load(NETWORK, precision)
    content, style = make_arrays(side)
    before = peak()
    objective = Objective(network, content, [(style, 1.0)], make_options(side))
    for _ in range(2):
        objective.evaluate(content.ravel().astype(np.float64))
    return peak(), before


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def time_command(side: int, preset: str) -> tuple[float, float]:
    """Wall and processor seconds of `generative stylize`, without the start of Python."""
    wall, processor = time.perf_counter(), time.process_time()
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out.png"
        stylize.stylize(CONTENT, STYLE, out, size=side, preset=preset, network=NETWORK)
    return time.perf_counter() - wall, time.process_time() - processor


def final_loss(side: int, precision: str) -> float:
    """The loss of a finished picture, measured in float32."""
    configure()
    options, exact = make_options(side), load(NETWORK)
    styles = [(pictures.read(STYLE), 1.0)]
    transfer = Transfer(load(NETWORK, precision), pictures.read(CONTENT), styles, options)
    transfer.run()
    _, objective = transfer.objective(options.scales[-1], options, exact)
    return objective.measure(transfer.result())["total"]


def configure() -> None:
    runtime.configure(params.read("runtime", Runtime), seed=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--side", type=int, default=256)
    arguments = parser.parse_args()
    side, console = arguments.side, Console()
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        console.print(processes.submit(speed, side, arguments.repeats).result())

        table = Table("memory", "GiB, float32", "GiB, bfloat16", "of it before")
        for each in SIDES:
            used = [processes.submit(memory, each, p).result() for p in ("float32", "bfloat16")]
            table.add_row(f"{each} x {each}", *(f"{u:.2f}" for u, _ in used), f"{used[0][1]:.2f}")
        console.print(table)

        table = Table(f"a picture of {side} x {side}", "seconds", "processor seconds")
        for preset in stylize.PRESETS:
            wall, processor = processes.submit(time_command, side, preset).result()
            table.add_row(preset, f"{wall:.0f}", f"{processor:.0f}")
        console.print(table)

        table = Table(f"{side} x {side}, fine", "final loss")
        runs = [processes.submit(final_loss, side, p) for p in ("float32", "bfloat16")]
        exact, other = (run.result() for run in runs)
        table.add_row("float32", f"{exact:.5g}")
        table.add_row("bfloat16", f"{other:.5g} ({100 * (other / exact - 1):+.2f} %)")
        console.print(table)


if __name__ == "__main__":
    main()
