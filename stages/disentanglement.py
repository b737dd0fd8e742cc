"""Measure what the codes or noises of one generator control, and draw it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import params, runtime, saving, stage
from generative.core.folders import atomic_folder, write_json
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.gan.disentanglement.schema import Disentanglement, module_of
from generative.image_quality import extractors
from generative.image_quality.image_metrics import ImageMetrics
from generative.image_quality.references import RealFeatures, References


def main(arguments: list[str]) -> None:
    (key,) = arguments
    options = params.read(f"disentanglement.{key}", Disentanglement)
    compared = params.read("references.mnist", References)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    trained = Path("data/models") / key
    described = saving.describe(trained)
    data = Prepared.of(described.dataset, described.data)
    real = RealFeatures.load(Path("data/references/mnist"))
    metrics = ImageMetrics(extractors.load(Path("data/judge/mnist")), real, compared)
    with atomic_folder(Path("data/disentanglement") / key) as folder:
        measured = module_of(options.network).measure(
            saving.load(trained), data, metrics, options, folder
        )
        write_json(folder / "metrics.json", measured)


if __name__ == "__main__":
    stage.run(main)
