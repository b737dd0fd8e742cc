"""What a discriminator that wins leaves of the generator's gradient."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import pandas as pd
import tensorflow as tf
from rich.progress import track

from generative.gan.base import losses


def gradients_while_discriminator_wins(
    model: Any, objectives: Sequence[str], batches: Iterable[tuple[Any, Any]], every: int
) -> pd.DataFrame:
    """Train only the discriminator of `model`, which is changed, on `batches` of images and labels;
    after each `every` of them, the norm of the gradient that each of `objectives` would give the
    generator (Arjovsky & Bottou, 2017, arXiv:1701.04862, figure 2).

    One row a measurement: `step`, `fake_accuracy` (share of generated images that the discriminator
    tells) and a column of norms an objective. All are taken on the same generated images.
    """
    optimizer = keras.optimizers.Adam(model.options["discriminator_learning_rate"])
    optimizer.build(model.discriminator.trainable_variables)
    of_discriminator, _ = losses.OBJECTIVES["non_saturating"]

    @tf.function
    def learn(images: Any, labels: Any) -> None:
        with tf.GradientTape() as tape:
            found = model.play(images, labels, training=True)
            loss = of_discriminator(found.real_seen["logits"], found.fake_seen["logits"])
        variables = model.discriminator.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    @tf.function
    def measure(images: Any, labels: Any) -> dict[str, Any]:
        with tf.GradientTape(persistent=True) as tape:
            logits = model.play(images, labels, training=True).fake_seen["logits"]
            of_generator = {name: losses.OBJECTIVES[name][1](logits) for name in objectives}
        norms = {
            name: tf.linalg.global_norm(tape.gradient(loss, model.generator.trainable_variables))
            for name, loss in of_generator.items()
        }
        return {"fake_accuracy": tf.reduce_mean(tf.cast(logits < 0, tf.float32)), **norms}

    rows = []
    for step, batch in enumerate(track(batches, "discriminator alone", transient=True)):
        if step % every == 0:
            found = measure(*batch)
            rows.append({"step": step, **{name: float(value) for name, value in found.items()}})
        learn(*batch)
    return pd.DataFrame(rows)
