"""What a GAN measures of itself on held-out data; its samples are compared elsewhere."""

from pathlib import Path
from typing import Any

from generative.core.params import Count, Schema, Seed
from generative.datasets.base.dataset import Prepared
from generative.gan.base.trainer import BaseGAN
from generative.gan.metrics import held_out_terms


class Evaluate(Schema):
    """The section `evaluate.gan`. seed: of the latents that are sampled. batch_size: of images that
    are measured at once; variety is measured in each batch by itself."""

    seed: Seed
    batch_size: Count


def evaluate(model: BaseGAN, data: Prepared, options: Evaluate, folder: Path) -> dict[str, Any]:
    """The terms of both losses, what the discriminator is right about and the variety of generated
    images, over the test images (`test_...`), and how many parameters both networks have."""
    images, labels = data.load("test")
    terms = held_out_terms(model, images, labels, options.batch_size, options.seed)
    parameters = model.generator.count_params() + model.discriminator.count_params()
    return {
        **{f"test_{name}": float(value) for name, value in terms.items()},
        "parameters": parameters,
    }
