"""Images for every place of the sliders of the report.

A page without a server cannot ask a model; it can choose among images that are there.
"""

from pathlib import Path
from typing import Any

import numpy as np

from generative.core.folders import write_json
from generative.plots import grids

Array = np.ndarray
Axis = dict[str, Any]  # name, values


def axis(name: str, values: Array) -> Axis:
    """One slider and its places."""
    return {"name": name, "values": np.round(values, 2).tolist()}


def write_sliders(axes: list[Axis], images: Array, folder: Path) -> None:
    """Write `sliders.json` with `axes`, and `sliders.png` with an image for each place of them.

    images: the first axis changes slowest, the last runs along the rows of the picture.
    """
    columns = len(axes[-1]["values"])
    grids.mosaic(images, columns).save(folder / "sliders.png", optimize=True)
    write_json(folder / "sliders.json", axes)
