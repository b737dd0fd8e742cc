"""Compare the samples of one generator with real images."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import params, runtime, saving, stage
from generative.core.folders import atomic_folder, write_json
from generative.core.runtime import Runtime
from generative.image_quality import extractors
from generative.image_quality.digits_by_epoch import write_digits_by_epoch
from generative.image_quality.generators import Generator
from generative.image_quality.image_metrics import ImageMetrics
from generative.image_quality.references import RealFeatures, References


def main(arguments: list[str]) -> None:
    (key,) = arguments
    generator = params.read(f"generators.{key}", Generator)
    options = params.read(f"references.{generator.dataset}", References)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    extractor = extractors.load(Path(generator.features))
    real = RealFeatures.load(Path("data/references") / generator.dataset)
    metrics = ImageMetrics(extractor, real, options)
    model = saving.load(Path("data/models") / key)
    with atomic_folder(Path("data/image_quality") / key) as folder:
        measured = {**metrics.of_generator(model), "extractor": extractor.identity}
        write_json(folder / "metrics.json", measured)
        if generator.family == "gan" and options.names_digits:
            write_digits_by_epoch(extractor, Path("data/history") / key, folder)


if __name__ == "__main__":
    stage.run(main)
