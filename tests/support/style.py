"""Pictures, options and a network for style transfer that take seconds."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from generative.style.schema import Style
from tests.support.data import write_raw_vgg16

VALUES: dict[str, Any] = {
    "content": "content.png",
    "style": "style.png",
    "blend": {},
    "network": "network",
    "content_layers": {"block2_conv2": 1.0},
    "style_layers": {"block1_conv1": 0.5, "block2_conv1": 0.5},
    "held_out_layer": "block1_conv2",
    "content_weight": 1.0,
    "style_weight": 100.0,
    "variation_weight": 0.1,
    "normalization": "gatys",
    "initialization": "content",
    "colours": "style",
    "optimizer": "lbfgs",
    "memory": 20,
    "restart_every": 0,
    "rounds": 0,
    "white": 1.0,
    "bounds": "unit",
    "learning_rate": 0.02,
    "scales": [{"longest_side": 32, "evaluations": 6}, {"longest_side": 40, "evaluations": 7}],
    "style_size": "own",
    "seed": 1,
    "precision": "float32",
    "frame_every": 3,
    "frames": "animation",
    "frames_per_second": 5,
}


def make_options(**changes: Any) -> Style:
    """The options of one picture, with `changes`."""
    return Style.model_validate({**VALUES, **changes})


def waves(height: int, width: int, seed: int) -> Image.Image:
    """Coloured waves with some noise."""
    generator = np.random.default_rng(seed)
    down, across = np.mgrid[:height, :width]
    steps = generator.uniform(0.05, 0.8, (2, 3))
    light = 128 + 90 * np.sin(down[..., None] * steps[0] + across[..., None] * steps[1])
    noise = generator.normal(0, 5, light.shape)
    return Image.fromarray(np.clip(light + noise, 0, 255).astype(np.uint8))


def write_network(folder: Path) -> Path:
    """`folder` with a VGG16 of small, made-up weights, as the stage `vgg` writes it."""
    from generative.style.vgg import convert

    write_raw_vgg16(folder)
    convert.from_pickle(folder / "vgg16.ckpt", folder)
    return folder
