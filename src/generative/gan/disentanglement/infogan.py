"""What the category and the codes of an InfoGAN control, measured on the digits that it makes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from PIL import Image
from pydantic import Field

from generative.core.folders import write_json
from generative.core.params import Count, OfModel, Seed
from generative.core.uncertainty import mean_with_error
from generative.datasets.base.dataset import Prepared
from generative.gan.disentanglement import code_control, strokes
from generative.image_quality.extractors import FeatureExtractor, predict_digits
from generative.image_quality.image_metrics import ImageMetrics
from generative.plots import grids
from generative.plots.sliders import Axis, axis, write_sliders

DIGITS = np.arange(10)
QUANTITIES = {"thickness": strokes.thickness, "slant": strokes.slant}

Array = np.ndarray
Split = tuple[Array, Array]  # real images [N, 28, 28, 1] in [0, 1] and labels [N]


class Disentanglement(OfModel):
    """How an InfoGAN's controls are measured and shown.

    network: of the model. samples: generated digits that are measured. least_correlation: a code
    that is correlated less with a quantity does not control it. places, code_range: of the sweeps,
    so many from -code_range to code_range, odd so that 0 is among them. rows: of the picture of all
    digits, and sweeps of each category that are measured. slider_places: of each slider. resamples:
    of the bootstrap behind standard errors.
    """

    network: str
    seed: Seed
    samples: Annotated[int, Field(ge=10)]
    least_correlation: Annotated[float, Field(ge=0, le=1)]
    places: Annotated[int, Field(ge=3)]
    code_range: Annotated[float, Field(gt=0)]
    rows: Count
    slider_places: Annotated[int, Field(ge=2)]
    resamples: Annotated[int, Field(ge=2)]

    def contradictions(self, name: str, document: dict[str, Any], path: Path) -> Iterator[str]:
        yield from super().contradictions(name, document, path)
        if self.places % 2 == 0:
            yield f"{name}.places: received {self.places}, must be odd so that 0 is among them"


def measure(
    model: Any, data: Prepared, metrics: ImageMetrics, options: Disentanglement, folder: Path
) -> dict[str, float]:
    """The metrics of the controls; `codes.json`, pictures and sliders into `folder`.

    metrics: of the real digits, by an extractor that names digits.
    """
    train, test = data.load("train"), data.load("test")
    found, controls = measure_controls(model, train, test, metrics.extractor, options)
    for name in QUANTITIES:
        if controls[name] is None:
            print(
                f"warning: no code is free to control {name}: the strongest correlation is "
                f"{found[f'{name}_correlation']:.2f}; it takes {options.least_correlation:g} "
                "(least_correlation) of a code that controls nothing else more"
            )
    write_json(folder / "codes.json", controls)
    for name, picture in draw(model, list(controls["digits"].values()), options).items():
        picture.save(folder / f"{name}.png", optimize=True)
    write_sliders(*sliders(model, controls, options), folder)
    return found


def measure_controls(
    model: Any, train: Split, test: Split, judge: FeatureExtractor, options: Disentanglement
) -> tuple[dict[str, float], dict[str, Any]]:
    """Metrics, and the controls: {"digits": {digit: category}, "thickness": ..., "slant": ...}, the
    last two as `code_control.assign_codes` gives them, or None.

    Which category is which digit is learned of the training digits, and tried on the test digits.
    """

    def predict(images: Array) -> Array:
        return predict_digits(judge, images)

    categories = [
        model.predict_codes(images)["category"].argmax(axis=1) for images, _ in (train, test)
    ]
    digits = code_control.match_categories(categories[0], train[1])
    latents, labels = model.latents(options.samples, options.seed)
    images = model.images(latents, labels)
    metrics = {
        **code_control.clustering(categories[1], test[1], digits, options.resamples, options.seed),
        **model.information(latents, images),
        **mean_with_error("label_accuracy", predict(images) == digits[model.categories(latents)]),
    }
    measured = {name: function(images) for name, function in QUANTITIES.items()}
    correlations = code_control.code_correlations(latents[:, -len(model.code_names) :], measured)
    assigned = code_control.assign_codes(correlations, options.least_correlation)
    for name, values in correlations.items():
        metrics[f"{name}_correlation"] = max(map(abs, values))
    if steered := [one["leakage"] for one in assigned.values() if one]:
        metrics["leakage"] = max(steered)  # where a code controls nothing there is none
    sweeps = [sweep(model, code, options) for code in model.code_names]
    consistency = [code_control.label_consistency(predict, swept) for swept in sweeps]
    metrics["digit_kept"] = float(np.mean(consistency))
    order = np.argsort(digits)
    return metrics, {"digits": {str(digit): int(order[digit]) for digit in DIGITS}, **assigned}


def sweep(model: Any, code: str, options: Disentanglement) -> Array:
    """`options.rows` digits of every category with `code` at each of so many places, the others at
    0 and the noise the same: [10 rows, places, 28, 28, 1]."""
    others = dict.fromkeys(model.code_names, 0.0)
    category = np.repeat(DIGITS, options.rows)
    places = np.linspace(-options.code_range, options.code_range, options.places)
    steps = [
        model.generate(len(category), options.seed, labels=category, **{**others, code: place})
        for place in places
    ]
    return np.stack(steps, axis=1)


def draw(model: Any, categories: list[int], options: Disentanglement) -> dict[str, Image.Image]:
    """Pictures by name, digit after digit: `categories` in the digits' order."""
    labels = np.tile(categories, options.rows)
    zeros = dict.fromkeys(model.code_names, 0.0)
    still = model.generate(len(labels), options.seed, labels=labels, **zeros)
    pictures = {"digits": grids.grid(still, len(DIGITS))}
    for code in model.code_names:
        swept = sweep(model, code, options)[:: options.rows][categories]
        name = f"{code}_from_{-options.code_range:g}_to_{options.code_range:g}"
        pictures[name] = grids.grid(swept.reshape(-1, *swept.shape[2:]), options.places)
    return pictures


def sliders(
    model: Any, controls: dict[str, Any], options: Disentanglement
) -> tuple[list[Axis], Array]:
    """Axes and images of digit and the first two codes, with one noise and other codes at 0; a code
    goes by the name of what it controls. Codes go to twice the range of the training."""
    assigned = {
        control["code"]: (name, control["sign"])
        for name in QUANTITIES
        if (control := controls[name])
    }
    furthest = 2 * model.code_range
    values = np.linspace(-furthest, furthest, options.slider_places)
    shown = model.code_names[:2]
    names, signs = zip(*(assigned.get(code, (code, 1)) for code in shown), strict=True)
    places = np.meshgrid(DIGITS, *(values for _ in shown), indexing="ij")
    digits, *codes = (x.ravel() for x in places)
    categories = np.array([controls["digits"][str(digit)] for digit in DIGITS])
    latents, labels = model.latents(
        len(digits),
        options.seed,
        labels=categories[digits],
        **dict.fromkeys(model.code_names[2:], 0.0),
        **{code: x * sign for code, x, sign in zip(shown, codes, signs, strict=True)},
    )
    latents[:, : model.noise_size] = latents[0, : model.noise_size]
    axes = [axis("digit", DIGITS)]
    axes += [axis(name.replace("code", "code "), values) for name in names]
    return axes, model.images(latents, labels)
