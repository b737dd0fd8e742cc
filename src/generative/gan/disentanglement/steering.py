"""What the category and the codes of an InfoGAN steer, measured on the digits that it draws."""

from typing import Any

import numpy as np

from generative.gan.disentanglement.schema import EvaluateInfogan
from generative.gan.disentanglement import control
from generative.gan.disentanglement import strokes

CODES = ("code1", "code2")

Array = np.ndarray
Split = tuple[Array, Array]


def measure(
    model: Any,
    train: Split,
    test: Split,
    judge: Any,
    block: EvaluateInfogan,
) -> tuple[dict[str, float], dict[str, Any]]:
    """Metrics, and what is known of the controls: {"digits": {digit: category}, "thickness": ...,
    "slant": ...}, the last two as `control.name_codes` says, or None.

    train, test: real images [N, 28, 28, 1] and labels. Which category is which digit is learned of
    the training digits, and tried on the others. judge: names digits by its `probabilities`.
    """

    def name_digits(images: Array) -> Array:
        return np.asarray(judge.probabilities(images).argmax(axis=1))

    read = {
        name: model.read(images)["category"].argmax(axis=1)
        for name, (images, _) in (("train", train), ("test", test))
    }
    digits = control.match(read["train"], train[1])
    codes, labels = model.codes(block.samples, block.seed)
    images = model.images(codes, labels)
    metrics = {
        "category_error": control.category_error(read["test"], test[1], digits),
        **model.told(codes, images),
        "label_accuracy": float((name_digits(images) == digits[model.categories(codes)]).mean()),
    }
    measured = {"thickness": strokes.thickness(images), "slant": strokes.slant(images)}
    correlations = control.steering(codes[:, -len(CODES) :], measured)
    named = control.name_codes(correlations, block.least_correlation)
    for name, values in correlations.items():
        metrics[f"{name}_correlation"] = max(map(abs, values))
    metrics["leakage"] = max((n["leakage"] for n in named.values() if n), default=0.0)
    kept = [control.kept(name_digits, sweep(model, code, block)) for code in CODES]
    metrics["digit_kept"] = float(np.mean(kept))
    order = np.argsort(digits)
    return metrics, {"digits": {str(digit): int(order[digit]) for digit in range(10)}, **named}


def sweep(model: Any, code: str, block: EvaluateInfogan) -> Array:
    """`block.rows` digits of every category with `code` at each of so many places, the other at 0
    and the noise kept: [10 rows, places, 28, 28, 1]."""
    (other,) = set(CODES) - {code}
    category = np.repeat(np.arange(10), block.rows)
    places = np.linspace(-block.reach, block.reach, block.places)
    steps = [
        model.generate(len(category), block.seed, labels=category, **{code: place, other: 0.0})
        for place in places
    ]
    return np.stack(steps, axis=1)
