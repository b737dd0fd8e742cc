"""Turn the published weights of VGG16 into the network that style transfer sees with, checked."""

import sys
from pathlib import Path

from generative.core import errors
from generative.core import params
from generative.core import runtime
from generative.style.vgg import network as vgg
from generative.core.runtime import Runtime
from generative.core.folders import atomic_folder


def main(arguments: list[str]) -> None:
    raw, out = map(Path, arguments)
    runtime.configure(params.read("runtime", Runtime), seed=0)
    with atomic_folder(out) as folder:
        vgg.convert_pickle(raw / "vgg16.ckpt", folder)
        vgg.load(folder)


if __name__ == "__main__":
    errors.run(lambda: main(sys.argv[1:]))
