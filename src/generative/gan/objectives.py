"""GANs that differ in their objective, compared: samples, losses and metrics side by side, and the
gradient that each objective gives while the discriminator wins."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import tensorflow as tf
from PIL import Image
from rich.progress import track

from generative.core.errors import BadInput, unknown
from generative.core.params import Count, Schema, Seed
from generative.gan.base.losses import OBJECTIVES, Objective, logistic_discriminator
from generative.gan.base.trainer import BaseGAN
from generative.plots import curves, grids
from generative.training.optimizers import ADAM, build

METRICS = ("frechet_distance", "kernel_distance", "density", "coverage", "digits_covered")


class Objectives(Schema):
    """The section `objectives`.

    models: the key of a trained model for each objective that is compared.
    rows, columns: of the samples.
    steps, every, batch_size: how many steps the discriminator trains alone, after how many of them
        the gradients are measured, and with how many images.
    """

    models: dict[Objective, str]
    seed: Seed
    rows: Count
    columns: Count
    steps: Count
    every: Count
    batch_size: Count

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        trained = document.get("train") or {}
        gans = [key for key, section in trained.items() if section.get("family") == "gan"]
        for objective, key in self.models.items():
            if key not in gans:
                yield f"{name}.models.{objective}: {unknown('GAN', key, gans)}"


def compare(
    models: dict[str, BaseGAN],
    histories: dict[str, pd.DataFrame],
    metrics: dict[str, dict[str, float]],
    batches: tf.data.Dataset,
    options: Objectives,
    folder: Path,
) -> None:
    """Write `gradients.csv` and `objectives.png` into `folder`.

    models, histories, metrics: by objective, each model with its history and its image metrics.
    batches: images and labels of the training. The gradients are those of the last model, whose
    discriminator is changed.

    Raises `BadInput` for a model that was trained with another objective.
    """
    for name, key in options.models.items():
        own = models[name].options["objective"]
        if own != name:
            raise BadInput(f"objectives.models.{name}: {key} was trained with the objective {own}")
    samples = {
        name: model.generate(options.rows * options.columns, options.seed)
        for name, model in models.items()
    }
    gradients = gradients_while_discriminator_wins(
        list(models.values())[-1], list(models), batches.take(options.steps), options.every
    )
    gradients.to_csv(folder / "gradients.csv", index=False)
    chosen = {name: {n: values[n] for n in METRICS} for name, values in metrics.items()}
    pictures = {name: grids.grid(images, options.columns) for name, images in samples.items()}
    draw(histories, pictures, chosen, gradients).save(folder / "objectives.png", optimize=True)


def gradients_while_discriminator_wins(
    model: BaseGAN, objectives: Sequence[str], batches: Iterable[tuple[Any, Any]], every: int
) -> pd.DataFrame:
    """Train only the discriminator of `model`, which is changed, on `batches` of images and labels;
    after each `every` of them, the norm of the gradient that each of `objectives` would give the
    generator (Arjovsky & Bottou, 2017, arXiv:1701.04862, figure 2).

    One row a measurement: `step`, `fake_accuracy` (share of generated images that the discriminator
    is right about) and a column of norms an objective. All are of the same generated images.
    """
    optimizer = build(ADAM, model.options["discriminator_learning_rate"])
    optimizer.build(model.discriminator.trainable_variables)

    @tf.function
    def train(images: Any, labels: Any) -> None:
        with tf.GradientTape() as tape:
            step = model.forward_pass(images, labels, training=True)
            loss = logistic_discriminator(step.real_outputs["logits"], step.fake_outputs["logits"])
        variables = model.discriminator.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)

    @tf.function
    def measure(images: Any, labels: Any) -> dict[str, Any]:
        with tf.GradientTape(persistent=True) as tape:
            step = model.forward_pass(images, labels, training=True)
            logits = step.fake_outputs["logits"]
            losses = {name: OBJECTIVES[name][1](logits) for name in objectives}
        variables = model.generator.trainable_variables
        norms = {
            name: tf.linalg.global_norm(tape.gradient(loss, variables))
            for name, loss in losses.items()
        }
        return {"fake_accuracy": tf.reduce_mean(tf.cast(logits < 0, tf.float32)), **norms}

    rows = []
    for number, batch in enumerate(track(batches, "discriminator alone", transient=True)):
        if number % every == 0:
            found = measure(*batch)
            rows.append({"step": number, **{name: float(value) for name, value in found.items()}})
        train(*batch)
    return pd.DataFrame(rows)


def draw(
    histories: dict[str, pd.DataFrame],
    samples: dict[str, Image.Image],
    metrics: dict[str, dict[str, float]],
    gradients: pd.DataFrame,
) -> Image.Image:
    """A column an objective with samples, both losses and metrics; below, the gradients of all
    while the discriminator wins."""
    rows = max(1, *(len(values) for values in metrics.values()))
    sheet = curves.new_figure(4.2 * len(histories), 10.4 + 0.2 * rows)
    halves: Any = sheet.subfigures(2, 1, height_ratios=(7.2 + 0.2 * rows, 3.2))
    upper, lower = halves
    panels = upper.subplots(3, len(histories), height_ratios=(4.2, 2.8, 0.2 * rows), squeeze=False)
    for (name, history), (above, middle, below) in zip(histories.items(), panels.T, strict=True):
        above.imshow(samples[name], cmap="gray", vmin=0, vmax=255)
        above.set_title(name.replace("_", " "))
        above.axis("off")
        marker = "." if len(history) == 1 else ""
        for network in ("discriminator", "generator"):
            middle.plot(history["epoch"], history[network], marker=marker, label=network)
        middle.set(xlabel="epoch", ylabel="loss")
        middle.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        middle.grid(alpha=0.3)
        middle.legend(fontsize="small")
        below.axis("off")
        text = [[n.replace("_", " "), f"{value:.4g}"] for n, value in metrics[name].items()]
        table = below.table(text, bbox=(0.1, 0, 0.8, 1), edges="horizontal", colWidths=(3, 1))
        table.auto_set_font_size(False)
        for (_, column), box in table.get_celld().items():
            box.set(edgecolor="0.8")
            box.get_text().set_horizontalalignment("right" if column else "left")
    norms, accuracy = lower.subplots(1, 2)
    for name in histories:
        norms.plot(gradients["step"], gradients[name], label=name.replace("_", " "))
    norms.set(title="gradient that the generator gets", ylabel="norm", yscale="log")
    norms.legend(fontsize="small")
    accuracy.plot(gradients["step"], gradients["fake_accuracy"], color="0.3")
    accuracy.set(title="share of generated images that the discriminator tells", ylim=(-0.05, 1.05))
    for axes in (norms, accuracy):
        axes.set_xlabel("steps of the discriminator alone")
        axes.grid(alpha=0.3)
    return curves.figure_image(sheet)
