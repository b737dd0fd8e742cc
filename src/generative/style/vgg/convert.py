"""Published weights of VGG into a folder that `network.load` reads.

Raises `BadInput` for a file that does not hold the convolutions of its network.
"""

import hashlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from generative.core.errors import BadInput
from generative.core.folders import write_json
from generative.datasets.readers.pickled import read_arrays
from generative.style.vgg.network import ARCHITECTURES, build


def from_pickle(file: Path, folder: Path) -> None:
    """Write VGG16 into `folder`, from a pickle of arrays, in torchvision's convention."""
    arrays: Any = read_arrays(file).get("VGG16_0")
    count = len(ARCHITECTURES["vgg16"].layers())
    names = [f"Conv_{i}" for i in range(count)]
    if not isinstance(arrays, dict) or set(arrays) != set(names):
        raise BadInput(f"{file} has no VGG16_0 of {count} convolutions: it is not VGG16")
    convolutions = [
        (layer.get("kernel"), layer.get("bias")) if isinstance(layer, dict) else (None, None)
        for layer in (arrays[name] for name in names)
    ]
    write("vgg16", convolutions, file, folder)


def from_keras(file: Path, folder: Path) -> None:
    """Write VGG19 into `folder`, from the HDF5 file of Keras' applications, in Caffe's
    convention."""
    convolutions: list[Any] = []
    with h5py.File(file) as opened:
        for name in ARCHITECTURES["vgg19"].layers():
            arrays: list[Any] = [None, None]
            if name in opened:
                group = opened[name]
                arrays = [np.asarray(group[weight]) for weight in group.attrs["weight_names"]]
            convolutions.append(arrays)
    if convolutions[0][0] is not None:
        # Blue, green and red become red, green and blue; `Architecture` has the pixels' scale.
        convolutions[0][0] = convolutions[0][0][:, :, ::-1]
    write("vgg19", convolutions, file, folder)


def write(architecture: str, convolutions: list[Any], file: Path, folder: Path) -> None:
    """Check the shapes of the kernels and biases that were read from `file`, and write the network
    into `folder`."""
    names, channels_in = ARCHITECTURES[architecture].layers(), 3
    for name, (kernel, bias) in zip(names, convolutions, strict=True):
        shapes = tuple(getattr(array, "shape", None) for array in (kernel, bias))
        if not shapes[0] or shapes[0][:-1] != (3, 3, channels_in) or shapes[1] != shapes[0][-1:]:
            raise BadInput(
                f"{file}: the kernel and bias of {name} have the shapes {shapes[0]} and "
                f"{shapes[1]}, not {(3, 3, channels_in, 'n')} and ('n',); fetch it again"
            )
        channels_in = len(bias)
    channels = [len(bias) for _, bias in convolutions]
    network = build(architecture, channels)
    for name, arrays in zip(names, convolutions, strict=True):
        network.get_layer(name).set_weights(arrays)
    md5 = hashlib.md5(file.read_bytes()).hexdigest()
    write_json(folder / "network.json", {"kind": architecture, "channels": channels, "md5": md5})
    network.save_weights(folder / "network.weights.h5")
