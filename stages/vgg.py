"""Turn the published weights of VGG16 into the network that style transfer uses, checked."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from generative.core import params, runtime, stage
from generative.core.folders import atomic_folder
from generative.core.runtime import Runtime
from generative.style.vgg import convert, network


def main(arguments: list[str]) -> None:
    (key,) = arguments
    runtime.configure(params.read("runtime", Runtime), seed=0)
    with atomic_folder(Path("data/networks") / key) as folder:
        convert.from_pickle(Path("data/raw") / key / f"{key}.ckpt", folder)
        network.load(folder)


if __name__ == "__main__":
    stage.run(main)
