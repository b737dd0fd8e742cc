"""What each of the two noises of a StackedGAN changes in the digits that it makes."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image
from pydantic import Field

from generative.core.params import Count, OfModel, Seed
from generative.core.uncertainty import mean_with_error
from generative.datasets.base.dataset import Prepared
from generative.image_quality.distances import intra_class_distance
from generative.image_quality.image_metrics import ImageMetrics
from generative.plots import grids
from generative.plots.sliders import Axis, axis, write_sliders

DIGITS = np.arange(10)

Array = np.ndarray


class Disentanglement(OfModel):
    """How a StackedGAN's noises are measured and shown.

    network: of the model. samples: generated digits that are measured. groups, members: noises z1
    a digit, each with so many z0, in the measurement of what z0 alone changes. columns: of the
    pictures. slider_places: of each slider.
    """

    network: str
    seed: Seed
    samples: Annotated[int, Field(ge=10)]
    groups: Count
    members: Annotated[int, Field(ge=2)]
    columns: Annotated[int, Field(ge=2)]
    slider_places: Annotated[int, Field(ge=2)]


def measure(
    model: Any, data: Prepared, metrics: ImageMetrics, options: Disentanglement, folder: Path
) -> dict[str, float]:
    """What can be recovered of the noises, and how varied digits of one z1 are; pictures and
    sliders into `folder`.

    metrics: of the real digits; `data` itself has no part in it.
    """
    found = {
        **model.recovered(*model.latents(options.samples, options.seed)),
        **mean_with_error("diversity_given_label_and_z1", diversity(model, metrics, options)),
    }
    for name, picture in draw(model, options).items():
        picture.save(folder / f"{name}.png", optimize=True)
    write_sliders(*sliders(model, options), folder)
    return found


def diversity(model: Any, metrics: ImageMetrics, options: Disentanglement) -> Array:
    """The `intra_class_distance` of digits whose label and z1 are the same: float64 [groups]."""
    distances = []
    for seed in range(options.seed, options.seed + options.groups):
        labels = np.repeat(DIGITS, options.members)
        upper, _ = model.latents(len(DIGITS), seed)
        lower, _ = model.latents(len(labels), seed + options.groups)
        noise = mix(model, np.repeat(upper, options.members, axis=0), lower)
        features = metrics.extractor.features(model.images(noise, labels))
        real = metrics.real
        distances.append(intra_class_distance(features, labels, real.test, real.labels))
    return np.array(distances)


def mix(model: Any, upper: Array, lower: Array) -> Array:
    """Noise with z1 of `upper` and z0 of `lower`, [count, 2 noise_size] each."""
    return np.concatenate([upper[:, : model.noise_size], lower[:, model.noise_size :]], axis=1)


def draw(model: Any, options: Disentanglement) -> dict[str, Image.Image]:
    """Pictures by name: a row a digit, one noise the same in all of the row, and random the other.

    In a row the first digit is the same in both pictures.
    """
    labels = np.repeat(DIGITS, options.columns)
    each, _ = model.latents(len(labels), options.seed)
    first = np.repeat(each[:: options.columns], options.columns, axis=0)
    noises = {
        "z0_varies_z1_is_kept": mix(model, first, each),
        "z1_varies_z0_is_kept": mix(model, each, first),
    }
    return {
        name: grids.grid(model.images(noise, labels), options.columns)
        for name, noise in noises.items()
    }


def sliders(model: Any, options: Disentanglement) -> tuple[list[Axis], Array]:
    """Axes and images of the digit, and of each noise on the way from one sample to another."""
    ends, _ = model.latents(2, options.seed)
    line = grids.between(ends[:1], ends[1:], options.slider_places)
    places = np.arange(options.slider_places)
    digits, upper, lower = (x.ravel() for x in np.meshgrid(DIGITS, places, places, indexing="ij"))
    shares = np.linspace(0, 1, options.slider_places)
    axes = [axis("digit", DIGITS), axis("z1", shares), axis("z0", shares)]
    return axes, model.images(mix(model, line[upper], line[lower]), digits)
