"""Draw one trained model, as its family does: pictures, or texts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import members, params, runtime, saving, stage
from generative.core.folders import atomic_folder
from generative.core.runtime import Runtime
from generative.datasets.base.dataset import Prepared


def main(arguments: list[str]) -> None:
    (key,) = arguments
    trained, history = Path("data/models") / key, Path("data/history") / key
    described = saving.describe(trained)
    family = members.part(described.family, "render")
    options = params.read(f"render.{described.family}", family.Render)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    data = Prepared.of(described.dataset, described.data)
    with atomic_folder(Path("data/samples") / key) as folder:
        family.render(saving.load(trained), data, history, options, folder)


if __name__ == "__main__":
    stage.run(main)
