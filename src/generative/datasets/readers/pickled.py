"""Arrays out of a pickle, and nothing else: a pickle from elsewhere can run any program.

The file's names of classes and functions are looked up in a table of three, never imported.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from generative.core.errors import BadInput

Array = np.ndarray

# All that pickled arrays are made of. The names are numpy 1's, which every pinned file has.
ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


def read_arrays(file: Path) -> dict[str, Any]:
    """The nested dicts of float arrays that `file` is a pickle of.

    Raises `BadInput` if it is missing or damaged, names anything but arrays, or holds anything
    but finite numbers; nothing of the file has run then.
    """
    try:
        with file.open("rb") as opened:
            tree = _Unpickler(opened, file).load()
        _check(tree, file, "it")
    except FileNotFoundError:
        raise BadInput(f"{file} is missing; run dvc repro") from None
    except (BadInput, OSError):
        raise
    except Exception as error:  # a damaged pickle raises whatever its bytes happen to say
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise BadInput(f"{file} is not a whole pickle ({reason}); fetch it again") from None
    return tree


class _Unpickler(pickle.Unpickler):
    """An unpickler that admits the three names."""

    def __init__(self, opened: Any, file: Path) -> None:
        super().__init__(opened)
        self.file = file

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in ADMITTED:
            raise BadInput(
                f"{self.file} asks for {module}.{name}, which has no part in an array: refused, "
                "and nothing was run; do not trust where it comes from"
            )
        return ADMITTED[module, name]


def _check(found: object, file: Path, place: str) -> None:
    """Refuse what is neither a dict with names for keys nor an array of finite floats."""
    if isinstance(found, dict) and all(isinstance(name, str) for name in found):
        for name, inner in found.items():
            _check(inner, file, f"{place}[{name!r}]" if place != "it" else repr(name))
    elif not isinstance(found, Array) or found.dtype.kind != "f" or place == "it":
        what = f"an array of {found.dtype}" if isinstance(found, Array) else type(found).__name__
        raise BadInput(f"{file}: {place} is {what}, not a dict of arrays of floats")
    elif not np.isfinite(found).all():
        raise BadInput(f"{file}: {place} holds numbers that are not finite; fetch it again")
