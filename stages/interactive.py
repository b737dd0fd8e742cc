"""Draw every place of the sliders in the report: models to sheets of small pictures.

A page without a server cannot ask a model; it can choose among pictures that are there.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import norm

from generative.core import errors
from generative.core import params
from generative.plots import grids as rendering
from generative.core import runtime
from generative.core import saving
from generative.gan.disentanglement.schema import RenderInteractive
from generative.core.runtime import Runtime
from generative.core.folders import atomic_folder
from generative.core.folders import write_json

Array = np.ndarray
DIGITS = np.arange(10)
QUANTITIES = ("thickness", "slant")
# The first axis changes slowest, the last runs along the rows of the sheet.
Axis = dict[str, Any]  # name, values


def main(arguments: list[str]) -> None:
    models, metrics, out = map(Path, arguments)
    block = params.read("render.interactive", RenderInteractive)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    codes = json.loads((metrics / "infogan" / "codes.json").read_text(encoding="utf-8"))
    sheets = {
        "infogan": of_infogan(saving.load(models / "infogan"), codes, block),
        "stackedgan": of_stackedgan(saving.load(models / "stackedgan"), block),
    }
    cvae = saving.load(models / "cvae")
    if cvae.latent_size == 2:  # more have no plane
        sheets["cvae"] = of_plane(cvae, block)
    with atomic_folder(out) as folder:
        for key, (axes, images) in sheets.items():
            columns = len(axes[-1]["values"])
            rendering.mosaic(images, columns).save(folder / f"{key}.png", optimize=True)
        write_json(folder / "axes.json", {key: axes for key, (axes, _) in sheets.items()})


def of_infogan(
    model: Any, known: dict[str, Any], block: RenderInteractive
) -> tuple[list[Axis], Array]:
    """Digit, thickness and slant, with one noise; a code that steers neither goes by its name."""
    steers = {found["code"]: (name, found["sign"]) for name in QUANTITIES if (found := known[name])}
    furthest = 2 * model.reach
    values = np.linspace(-furthest, furthest, block.places)
    named = {code: steers.get(code, (code, 1)) for code in ("code1", "code2")}
    digits, first, second = (x.ravel() for x in np.meshgrid(DIGITS, values, values, indexing="ij"))
    categories = np.array([known["digits"][str(digit)] for digit in DIGITS])
    codes, labels = model.codes(
        len(digits),
        block.seed,
        labels=categories[digits],
        code1=first * named["code1"][1],
        code2=second * named["code2"][1],
    )
    codes[:, : model.noise_size] = codes[0, : model.noise_size]
    axes = [
        axis("digit", DIGITS),
        *(axis(name.replace("code", "code "), values) for name, _ in named.values()),
    ]
    return axes, model.images(codes, labels)


def of_stackedgan(model: Any, block: RenderInteractive) -> tuple[list[Axis], Array]:
    """Digit, and each noise from one draw to another."""
    ends, _ = model.codes(2, block.seed)
    line = rendering.between(ends[:1], ends[1:], block.places)
    digits, upper, lower = (
        x.ravel() for x in np.meshgrid(DIGITS, *2 * [np.arange(block.places)], indexing="ij")
    )
    noise = np.concatenate(
        [line[upper, : model.noise_size], line[lower, model.noise_size :]], axis=1
    )
    shares = np.linspace(0, 1, block.places)
    axes = [axis("digit", DIGITS), axis("z1", shares), axis("z0", shares)]
    return axes, model.images(noise, digits)


def of_plane(model: Any, block: RenderInteractive) -> tuple[list[Axis], Array]:
    """The latent plane through the quantiles of the prior, the second code upwards."""
    quantiles = norm.ppf((np.arange(block.plane) + 0.5) / block.plane)
    axes = [axis("code 2", quantiles[::-1]), axis("code 1", quantiles)]
    return axes, model.images(rendering.unit_square_quantiles(block.plane))


def axis(name: str, values: Array) -> Axis:
    return {"name": name, "values": np.round(values, 2).tolist()}


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
