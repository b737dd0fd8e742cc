"""Training speed of `cvae`: this project's `fit` against the loop of TensorFlow's tutorial.

Both train the same model on the same digits. The loop calls a `tf.function` a step on batches of
32 from `tf.data`, in float32; ours follows the section `train.cvae` of params.yaml, in both
precisions. They take turns, so that whatever else the machine does slows all of them.

    python benchmarks/cvae_training.py [--rounds 8]
"""

import argparse
import time
from pathlib import Path
from statistics import median
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from generative.core import params, runtime
from generative.core.runtime import Runtime
from generative.datasets import mnist
from generative.training.fit import without_autotuning
from generative.training.schema import Train
from generative.vae.cvae import CVAE

PREPARED = Path("data/prepared/mnist")
TUTORIAL_BATCH = 32


def tutorial(model: CVAE, images: np.ndarray) -> Any:
    """A function that trains on all `images` once."""
    optimizer = keras.optimizers.Adam(1e-4)
    optimizer.build(model.trainable_variables)
    dataset = tf.data.Dataset.from_tensor_slices(images).shuffle(len(images)).batch(TUTORIAL_BATCH)

    def log_normal(sample: Any, mean: Any, log_variance: Any) -> Any:
        squares = (sample - mean) ** 2 * tf.exp(-log_variance)
        return tf.reduce_sum(-0.5 * (squares + log_variance + np.log(2 * np.pi)), axis=1)

    @tf.function
    def step(batch: Any) -> None:
        with tf.GradientTape() as tape:
            mean, log_variance = tf.split(model.encoder(batch), 2, axis=1)
            latent = mean + tf.random.normal(tf.shape(mean)) * tf.exp(0.5 * log_variance)
            logits = model.decoder(latent)
            entropy = tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=batch)
            log_p = -tf.reduce_sum(entropy, axis=[1, 2, 3])
            log_prior = log_normal(latent, 0.0, 0.0)
            log_posterior = log_normal(latent, mean, log_variance)
            loss = -tf.reduce_mean(log_p + log_prior - log_posterior)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))

    def epoch() -> None:
        for batch in dataset:
            step(batch)

    return epoch


def ours(model: CVAE, train: Train, images: np.ndarray) -> Any:
    """The same through `Model.fit`, as `training.fit` calls it."""
    steps = len(images) // train.batch_size
    passes = mnist.batches(PREPARED, train.batch_size, train.seed, **train.data)
    batches = passes.take(steps).epoch(0)
    model.compile(steps * 100)
    model.steps_per_execution = train.steps_per_call
    return lambda: model.fit(without_autotuning(batches), shuffle=False, verbose=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--images", type=int, default=25_600)
    arguments = parser.parse_args()
    train = params.read("train.cvae", Train)
    device = runtime.configure(Runtime(determinism=False, threads=0, xla="auto"), 1, "float32")
    images, _ = mnist.load(PREPARED, "train", **train.data)
    images = images[: arguments.images]

    epochs = {
        f"tutorial loop, float32, batches of {TUTORIAL_BATCH}": tutorial(
            CVAE(**train.model), images
        )
    }
    for precision in ("float32", "bfloat16"):
        policy = "mixed_bfloat16" if precision == "bfloat16" else "float32"
        keras.mixed_precision.set_global_policy(policy)
        name = f"fit, {precision}, batches of {train.batch_size}"
        epochs[name] = ours(CVAE(**train.model), train, images)
    seconds: dict[str, list[float]] = {name: [] for name in epochs}
    for _ in range(arguments.rounds + 1):
        for name, epoch in epochs.items():
            start = time.perf_counter()
            epoch()
            seconds[name].append(time.perf_counter() - start)

    table = Table(
        "training of cvae", "images a second, median", "best", "ratio, median", "of bests"
    )
    first = next(iter(seconds.values()))[1:]  # the first round traces the graphs
    for name, (_, *times) in seconds.items():
        ratios = [a / b for a, b in zip(first, times, strict=True)]
        rates = [f"{len(images) / summary(times):,.0f}" for summary in (median, min)]
        table.add_row(name, *rates, f"{median(ratios):.2f}", f"{min(first) / min(times):.2f}")
    Console().print(table)
    print(
        f"{device.name}, {runtime.threads()} threads, auto is "
        f"{'bfloat16' if runtime.has_bfloat16([]) else 'float32'}"
    )


if __name__ == "__main__":
    main()
