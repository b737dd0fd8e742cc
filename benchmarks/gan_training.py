"""Training speed of Atienza's digit GANs: this project's step against the usual Keras loop.

The network is the ACGAN of Atienza (2018), trained there for 40,000 steps of 64 digits: our `acgan`
with both widths 32. The usual loop makes fakes with `generator.predict`, trains the discriminator
on real and fake ones with `train_on_batch` and the generator through it with another. Ours is `fit`
with one compiled call for many steps, where one forward pass of the generator serves both losses.
They take turns, so that whatever else the machine does slows all of them.

    python benchmarks/gan_training.py [--rounds 8]
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from rich.console import Console
from rich.table import Table

from generative.core import params, runtime
from generative.core.runtime import Runtime
from generative.gan.acgan import ACGAN
from generative.gan.base.layers import builtin_layer
from generative.training.fit import without_autotuning
from generative.training.schema import Train

BATCH, STEPS, ATIENZA_WIDTH = 64, 8, 32
WAYS = ("usual loop, float32", "fit, float32", "fit, bfloat16")


def atienza_model() -> ACGAN:
    arguments = params.read("train.acgan", Train).model
    widths = {"generator_width": ATIENZA_WIDTH, "discriminator_width": ATIENZA_WIDTH}
    # The loop has no penalty and no moving average.
    return ACGAN(**{**arguments, **widths, "r1_weight": 0.0, "average_decay": 0.0})


def usual(images: np.ndarray, labels: np.ndarray) -> Callable[[], object]:
    """A function that takes `STEPS` steps of the loop that tutorials write."""
    model = atienza_model()
    discriminator = model.discriminator
    generator = keras.models.clone_model(model.generator, clone_function=builtin_layer)
    losses = {
        "logits": keras.losses.BinaryCrossentropy(from_logits=True),
        "classes": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    }
    discriminator.compile(optimizer=keras.optimizers.Adam(0.0002, beta_1=0.5), loss=losses)
    latents = keras.Input(generator.input_shape[1:])
    one_hot = np.eye(model.classes, dtype=np.float32)

    def targets(real: float, classes: np.ndarray) -> dict[str, np.ndarray]:
        return {"logits": np.full((len(classes), 1), real), "classes": classes}

    def sample_latent(classes: np.ndarray) -> np.ndarray:
        noise = np.random.default_rng(1).standard_normal((len(classes), model.latent_size))
        return np.concatenate([noise, one_hot[classes]], axis=1).astype(np.float32)

    def train_discriminator(real: np.ndarray, classes: np.ndarray) -> None:
        fake = generator.predict(sample_latent(classes), verbose=0)
        both = targets(1.0, classes), targets(0.0, classes)
        together = {name: np.concatenate([x[name] for x in both]) for name in both[0]}
        discriminator.train_on_batch(np.concatenate([real, fake]), together)

    # Keras 3 reads `trainable` when a function is traced: the discriminator's is traced before it
    # is frozen for the combined model, or it would never learn.
    train_discriminator(images[:BATCH], labels[:BATCH])
    discriminator.trainable = False
    combined = keras.Model(latents, discriminator(generator(latents)))
    combined.compile(optimizer=keras.optimizers.Adam(0.0001, beta_1=0.5), loss=losses)

    def steps() -> None:
        for start in range(0, STEPS * BATCH, BATCH):
            classes = labels[start : start + BATCH]
            train_discriminator(images[start : start + BATCH], classes)
            combined.train_on_batch(sample_latent(classes), targets(1.0, classes))

    return steps


def ours(images: np.ndarray, labels: np.ndarray) -> Callable[[], object]:
    """The same number of steps through `fit`, as `training.fit` does it."""
    model = atienza_model()
    model.compile(STEPS)
    model.steps_per_execution = STEPS
    batches = tf.data.Dataset.from_tensor_slices((images, labels)).batch(BATCH)
    # Not the model's own, which recomputes the average generator's statistics at the end.
    return lambda: keras.Model.fit(model, without_autotuning(batches), shuffle=False, verbose=0)


def build(way: str) -> Callable[[], object]:
    precision = "mixed_bfloat16" if "bfloat16" in way else "float32"
    keras.mixed_precision.set_global_policy(precision)
    generator = np.random.default_rng(0)
    images = generator.random((STEPS * BATCH, 28, 28, 1), np.float32)
    labels = generator.integers(0, 10, STEPS * BATCH)
    return (usual if way.startswith("usual") else ours)(images, labels)


def multiplications(network: keras.Model) -> float:
    """Of one image's forward pass, in convolutions and dense layers."""
    total = 0.0
    for layer in network.layers:
        if isinstance(layer, layers.Conv2DTranspose):
            total += np.prod(layer.input.shape[1:3]) * np.prod(layer.kernel.shape)
        elif isinstance(layer, layers.Conv2D):
            total += np.prod(layer.output.shape[1:3]) * np.prod(layer.kernel.shape)
        elif isinstance(layer, layers.Dense):
            total += np.prod(layer.kernel.shape)
    return total


def operations(way: str) -> float:
    """Floating point operations of a step, two a multiplication. A backward pass takes as many as
    the forward pass for the inputs, and as many again for the weights."""
    model = atienza_model()
    of_generator, of_discriminator = map(multiplications, (model.generator, model.discriminator))
    # Real and fake forwards and twice backwards each, and the generator's way back through it;
    # the loop makes the fakes twice, and runs them forwards another time for the generator.
    passes = (4, 8) if way.startswith("usual") else (3, 7)
    return 2 * BATCH * (passes[0] * of_generator + passes[1] * of_discriminator)


def matrix_rate(precision: str) -> Callable[[], float]:
    """A function that measures operations a second of a product of two large matrices."""
    matrix = tf.cast(tf.random.normal((2048, 2048)), precision)
    product = tf.function(lambda x: tf.matmul(x, x))

    def measure() -> float:
        start = time.perf_counter()
        product(matrix).numpy()
        return 2 * 2048**3 / (time.perf_counter() - start)

    measure()
    return measure


def peak_memory(way: str) -> float:
    """Most memory in use, GiB, of a process that does nothing else."""
    command = [sys.executable, __file__, "--memory", way]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--memory", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    free = Runtime(determinism=False, threads=0, xla="auto")
    device = runtime.configure(free, 1)
    if arguments.memory:
        steps = build(arguments.memory)
        steps()
        steps()
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
        return

    functions = {way: build(way) for way in WAYS}
    rates = {name: matrix_rate(name) for name in ("float32", "bfloat16")}
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    measured: dict[str, list[float]] = {name: [] for name in rates}
    for _ in range(arguments.rounds + 1):
        for way, steps in functions.items():
            start = time.perf_counter()
            steps()
            seconds[way].append((time.perf_counter() - start) / STEPS)
        for name, rate in rates.items():
            measured[name].append(rate())

    columns = ("ms a step, median", "best", "ratio, median", "of bests", "GFLOP a step")
    table = Table("acgan, widths 32", *columns, "share of matrix rate", "peak GiB")
    first = seconds[WAYS[0]][1:]  # the first round traces the graphs
    for way, (_, *times) in seconds.items():
        ratios = [a / b for a, b in zip(first, times, strict=True)]
        precision = way.rpartition(" ")[2]
        share = operations(way) / min(times) / max(measured[precision])
        table.add_row(
            way,
            *(f"{1000 * summary(times):.0f}" for summary in (median, min)),
            f"{median(ratios):.2f}",
            f"{min(first) / min(times):.2f}",
            f"{operations(way) / 1e9:.1f}",
            f"{share:.0%}",
            f"{peak_memory(way):.2f}",
        )
    Console(width=130).print(table)
    best = ", ".join(f"{name} {max(rate) / 1e9:.0f}" for name, rate in measured.items())
    print(f"{device.name}, {runtime.threads()} threads; matrix products, GFLOP/s: {best}")


if __name__ == "__main__":
    main()
