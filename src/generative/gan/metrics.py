"""Metrics of a GAN's own losses and accuracies on held-out images."""

from typing import Any

import numpy as np

from generative.gan.base.trainer import BaseGAN


def held_out_terms(
    model: BaseGAN, images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int
) -> dict[str, Any]:
    """The terms of both losses, the discriminator's accuracy and the variety of samples, by name.

    images: float32 [N, height, width, channels] in [0, 1]; labels: int [N]. `seed` samples the
    latents. Variety is measured in each batch by itself.
    """
    model.compile()
    model.jit_compile = False
    model.noise.state.assign([seed, 0])
    terms: dict[str, Any] = model.evaluate(
        images, labels, batch_size=batch_size, verbose=0, return_dict=True
    )
    return terms
