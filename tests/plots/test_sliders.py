"""The sheet behind the report's sliders: each place holds the image that its axes name."""

from pathlib import Path

import numpy as np
from PIL import Image

from generative.core.folders import read_json
from generative.plots.sliders import axis, write_sliders


def test_the_last_axis_runs_along_the_rows(tmp_path: Path) -> None:
    axes = [axis("digit", np.arange(2)), axis("slant", np.linspace(-1, 1, 3))]
    brightness = np.arange(6, dtype=np.float32) / 10
    images = np.tile(brightness[:, None, None, None], (1, 4, 4, 1))
    write_sliders(axes, images, tmp_path)
    assert read_json(tmp_path / "sliders.json") == [
        {"name": "digit", "values": [0, 1]},
        {"name": "slant", "values": [-1.0, 0.0, 1.0]},
    ]
    with Image.open(tmp_path / "sliders.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (8, 12)
    np.testing.assert_array_equal(pixels[::4, ::4], np.rint(brightness * 255).reshape(2, 3))


def test_values_are_short() -> None:
    assert axis("z1", np.linspace(0, 1, 4)) == {"name": "z1", "values": [0.0, 0.33, 0.67, 1.0]}
