"""Take the features of a data set's real images, and the image metrics of known cases."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import params, runtime, stage
from generative.core.folders import atomic_folder, write_json
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared
from generative.image_quality import extractors
from generative.image_quality.known_cases import measure_known_cases
from generative.image_quality.references import References


def main(arguments: list[str]) -> None:
    (key,) = arguments
    options = params.read(f"references.{key}", References)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    data = Prepared.of(key, {})
    extractor = extractors.load(Path(options.network))
    train, others = data.load("train"), data.load(options.split)
    real, cases = measure_known_cases(extractor, train, others, options)
    with atomic_folder(Path("data/references") / key) as folder:
        real.save(folder)
        write_json(folder / "metrics.json", {"extractor": extractor.identity, **cases})


if __name__ == "__main__":
    stage.run(main)
