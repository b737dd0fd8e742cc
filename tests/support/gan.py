"""GANs small enough to reason about, and the arguments of small networks."""

from typing import Any

import keras
import numpy as np
from keras import layers

from generative.gan.base.layers import BatchNormalization
from generative.gan.base.trainer import BaseGAN

OPTIONS: dict[str, Any] = {
    "objective": "non_saturating",
    "generator_learning_rate": 0.01,
    "discriminator_learning_rate": 0.01,
    "learning_rate_decay": "none",
    "generator_optimizer": {"class_name": "Adam", "config": {"beta_1": 0.5}},
    "discriminator_optimizer": {"class_name": "Adam", "config": {"beta_1": 0.5}},
    "real_target": 1.0,
    "label_noise": 0.0,
    "fake_label_noise": 0.0,
    "discriminator_normalization": "none",
    "r1_weight": 0.0,
    "r1_every": 2,
    "updates": "joint",
    "discriminator_head_start": 0.0,
    "batch_statistics": "batch",
    "adversarial_scale": 1.0,
    "discriminator_steps": 1,
    "generator_steps": 1,
    "snapshot_noise": "fixed",
    "gradient_penalty_weight": 0.0,
    "average_decay": 0.5,
    "augmentation": "none",
}
INFOGAN: dict[str, Any] = {
    **OPTIONS,
    "architecture": "chen2016",
    "noise_size": 5,
    "codes": 2,
    "generator_width": 2,
    "discriminator_width": 2,
    "dense_width": 8,
    "information": "gaussian",
    "recovery": "generated",
    "category_weight": 1.0,
    "code_weight": 1.0,
    "least_log_variance": -6.0,
    "agreement_weight": 0.0,
    "head_start": 0.0,
    "head_start_learning_rate": 0.01,
    "restarts": 0,
}
STACKEDGAN: dict[str, Any] = {
    **OPTIONS,
    "architecture": "linear_heads",
    "noise_size": 3,
    "latent": "normal",
    "generator_width": 2,
    "discriminator_width": 2,
    "encoder_width": 2,
    "hidden_width": 8,
    "encoder_share": 0.0,
    "independent_share": 0.0,
    "conditional_weight": 1.0,
    "label_loss": "cross_entropy",
    "entropy_weight": 10.0,
    "feature_entropy_weight": 10.0,
    "recovery": "generated",
}
# What the networks of `build` are trained on.
IMAGES = np.random.default_rng(0).random((12, 8, 8, 1), np.float32)
LABELS = np.arange(12) % 3


def build(*, classes: int = 0, normalized: bool = False, **options: Any) -> BaseGAN:
    """A GAN of 8 x 8 pixels; `normalized`: its discriminator has a batch normalisation."""
    keras.utils.set_random_seed(1)
    generator = keras.Sequential(
        [
            layers.Input((4 + classes,)),
            layers.Dense(8 * 8 * 2),
            layers.Reshape((8, 8, 2)),
            BatchNormalization(),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    images, label = keras.Input((8, 8, 1)), keras.Input((classes,))
    x = layers.Conv2D(4, 3, strides=2)(images)
    if normalized:
        x = layers.BatchNormalization(momentum=0.0)(x)
    logits = layers.Dense(1)(layers.Flatten()(x))
    if classes:
        logits = logits + layers.Dense(1)(label)
    inputs = [images, label] if classes else images
    return BaseGAN(
        generator,
        keras.Model(inputs, {"logits": logits}),
        latent="normal",
        classes=classes,
        output_range=(0.0, 1.0),
        **{**OPTIONS, **options},
    )
