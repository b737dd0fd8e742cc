"""From the files that the options name to a style transfer that is ready to run."""

from collections.abc import Iterator
from pathlib import Path

import keras

from generative.core import runtime
from generative.core.members import PACKAGE
from generative.core.runtime import Device, Runtime
from generative.style import memory, pictures
from generative.style.schema import Style
from generative.style.transfer import Transfer
from generative.style.vgg import network


def configure(runtime_options: Runtime, options: Style) -> Device:
    """Set up the process, before TensorFlow computes anything.

    Only the network behind the loss computes in `device.precision`; Keras' default, which LPIPS
    takes, stays float32.
    """
    device = runtime.configure(runtime_options, options.seed, options.precision)
    keras.mixed_precision.set_global_policy("float32")
    return device


def files(options: Style) -> Iterator[Path]:
    """What decides the picture beside the options: the sources, the network and the code."""
    sources = (options.content, options.style, options.network)
    for place in (*map(Path, sources), PACKAGE / "core", PACKAGE / "style"):
        below = sorted(file for file in place.rglob("*") if file.suffix != ".pyc")
        yield from (file for file in (place, *below) if file.is_file())


def load(options: Style, precision: str, size_name: str) -> Transfer:
    """Read the content, the styles and the network of `options`.

    precision: "float32" or "bfloat16", of the network. size_name: of the parameter or option that
    sets the size. Raises `BadInput` for what cannot be read or held in memory.
    """
    content = pictures.read(Path(options.content))
    styles = pictures.read_styles(Path(options.style), options.blend)
    sources = [content, *(style for style, _ in styles)]
    memory.check(size_name, sources, options.scales[-1].longest_side, options.memory)
    return Transfer(network.load(Path(options.network), precision), content, styles, options)
