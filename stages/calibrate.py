"""Try the image metrics on known cases, so that a number of a model can be placed."""

import sys
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from generative.core import errors
from generative.image_quality import comparison as judge
from generative.core import params
from generative.core import runtime
from generative.core import saving
from generative.image_quality.schema import Calibrate
from generative.image_quality.schema import EvaluateImages
from generative.core.runtime import Runtime
from generative.datasets import mnist
from generative.core.folders import atomic_folder
from generative.core.folders import write_json

Array = np.ndarray


def main(arguments: list[str]) -> None:
    judge_folder, prepared, out = map(Path, arguments)
    block = params.read("calibrate", Calibrate)
    images = params.read("evaluate.images", EvaluateImages)
    runtime.configure(params.read("runtime", Runtime), block.seed)
    (train, train_labels), (test, labels) = (
        mnist.load(prepared, split, binarization="none", binarization_seed=0)
        for split in ("train", "test")
    )
    # Digits that stand for generated ones must not be among those that could be memorised.
    order = np.random.default_rng(block.seed).permutation(len(train))
    count = min(images.samples, len(train) // 2)
    held, rest = train[order[:count]], train[order[count:]]
    comparison = judge.Comparison(saving.load(judge_folder), test, rest, images, labels)
    found = {
        name: comparison.measure(some, block.seed)
        for name, some in cases(held, train_labels[order[:count]], rest, block).items()
    }
    with atomic_folder(out) as folder:
        result = {"judge": judge.identity(judge_folder), **found}
        write_json(folder / "metrics.json", result)


def cases(held: Array, labels: Array, rest: Array, block: Calibrate) -> dict[str, Array]:
    """Sets of images as good and as bad as their names say, made of real ones: `held` and their
    labels stand for generated digits, `rest` is what there is to memorise."""
    generator = np.random.default_rng(block.seed)
    noise = generator.normal(0, block.noise, held.shape).astype(np.float32)
    return {
        "floor": held,
        "thresholded": (held >= 0.5).astype(np.float32),
        "blurred": gaussian_filter(held, (0, block.blur_pixels, block.blur_pixels, 0)),
        "noisy": np.clip(held + noise, 0, 1),
        "missing_digit": held[labels != block.missing_digit],
        "memorised": rest[generator.integers(0, block.memorised, len(held)) % len(rest)],
        "pure_noise": generator.random(held.shape, dtype=np.float32),
    }


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
