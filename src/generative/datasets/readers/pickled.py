"""Arrays out of a pickle, and nothing else: a pickle from elsewhere can run any program.

The file's names of classes and functions are looked up in a table of three, never imported, and
what stands there makes no array larger than the bytes that the file holds.
"""

import io
import pickle
import pickletools
import re
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from generative.core import inputs
from generative.core.errors import SHOWN, BadInput, first_line

Array = np.ndarray

# VGG19 of Keras has 574 million.
MOST_BYTES = 2**31
# Dicts and arrays, however often one is named; places that the unpickler is told to remember.
MOST_ENTRIES, MOST_PLACES = 10_000, 100_000
LONGEST_PLACE = 1000  # characters of the names that lead to an array
FLOAT = re.compile("f[248]")


class DType:
    """In the place of `numpy.dtype`."""

    def __init__(self, name: str, *_: Any) -> None:
        self.name, self.order = name, "<"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]


class Pickled:
    """In the place of an array, until its shape, type and bytes are known.

    left: how many bytes the arrays of a file may still have.
    """

    array: Array

    def __init__(self, left: list[int]) -> None:
        self.left = left

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran, content = state
        if not isinstance(dtype, DType) or not FLOAT.fullmatch(str(dtype.name)):
            name = getattr(dtype, "name", type(dtype).__name__)
            raise BadInput(f"an array of {name}, not of floats")
        if isinstance(content, str):  # as Python 2 wrote them
            content = content.encode("latin-1")
        self.left[0] -= len(content)
        if self.left[0] < 0:
            raise BadInput("its arrays have more bytes than it has")
        flat = np.frombuffer(content, dtype.order + dtype.name)
        if not np.isfinite(flat).all():
            raise BadInput("an array holds numbers that are not finite")
        self.array = flat.reshape(shape, order="F" if fortran else "C")


def called(*_: Any) -> None:
    """In the place of `numpy.ndarray`, which a pickled array names and never calls."""
    raise BadInput("it asks for an array and gives no numbers for it, as no file of weights does")


# All that pickled arrays are made of. The names are numpy 1's, which every pinned file has.
RECONSTRUCT, CLASS = ("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray")
ADMITTED = {RECONSTRUCT: None, CLASS: called, ("numpy", "dtype"): DType}


def read_arrays(file: Path) -> dict[str, Any]:
    """The nested dicts of float arrays that `file` is a pickle of.

    Raises `BadInput` if it is missing or damaged, names anything but arrays, or holds anything
    but finite numbers; nothing of the file has run then.
    """
    content = inputs.content(file, MOST_BYTES, "run dvc repro")
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            if "PUT" in opcode.name and int(argument or 0) > MOST_PLACES:
                raise BadInput(f"it numbers a place {argument}")
            if number > MOST_PLACES:
                raise BadInput(f"it has more than {MOST_PLACES:,} instructions")
        tree = _arrays(_Unpickler(content).load(), "", count(1))
    except BadInput as error:
        raise BadInput(f"{file}: {error}; do not trust where it comes from") from None
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to say
        raise BadInput(
            f"{file} is not a whole pickle ({first_line(error)}); fetch it again"
        ) from None
    if not isinstance(tree, dict):
        raise BadInput(f"{file}: it is an array, not a dict of arrays; fetch it again")
    return tree


class _Unpickler(pickle.Unpickler):
    """An unpickler that admits the three names."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))
        self.left = [len(content)]

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ADMITTED:
            raise BadInput(
                f"asks for {module}.{name}, which has no part in an array: refused, and nothing "
                "was run"
            )
        if (module, name) == RECONSTRUCT:
            return lambda *_: Pickled(self.left)
        return ADMITTED[module, name]


def _arrays(found: object, place: str, number: Any) -> Any:
    """The arrays of `found`, dict by dict; refuses all else."""
    if next(number) > MOST_ENTRIES:
        raise BadInput(f"it has more than {MOST_ENTRIES:,} entries")
    if len(place) > LONGEST_PLACE:
        raise BadInput(f"{place[:SHOWN]}... is nested too deeply")
    if isinstance(found, dict) and all(isinstance(name, str) for name in found):
        return {
            n: _arrays(v, f"{place}[{n!r}]" if place else repr(n), number) for n, v in found.items()
        }
    array = getattr(found, "array", None) if isinstance(found, Pickled) else None
    if array is None:
        raise BadInput(f"{place or 'it'} is {type(found).__name__}, not a dict of arrays of floats")
    return array
