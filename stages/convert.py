"""Turn the published weights of VGG16 into the network that style transfer sees with, checked."""

import sys
from pathlib import Path

from generative import errors, params, runtime, vgg
from generative.blocks.runtime import Runtime
from generative.folders import whole


def main(arguments: list[str]) -> None:
    raw, out = map(Path, arguments)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    with whole(out) as folder:
        vgg.convert_pickle(raw / "vgg16.ckpt", folder)
        vgg.load(folder)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
