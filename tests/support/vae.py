"""A small convolutional VAE."""

from typing import Any

import keras

from generative.vae.cvae import CVAE

CVAE_ARGUMENTS: dict[str, Any] = {
    "width": 32,
    "batch_normalization": "none",
    "latent_size": 2,
    "objective": "elbo",
    "samples": 1,
    "beta": 1.0,
    "kl_warm_up_steps": 0,
    "free_bits_nats": 0.0,
    "snapshot_codes": "mean",
    "optimizer": {"class_name": "Adam", "config": {}},
    "learning_rate": 0.001,
    "learning_rate_decay": "none",
}


def build_cvae(**changes: Any) -> CVAE:
    """An untrained CVAE, always the same."""
    keras.utils.set_random_seed(3)
    model = CVAE(**{**CVAE_ARGUMENTS, **changes})
    model.compile(10)
    return model
