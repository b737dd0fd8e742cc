"""The memory that a picture needs, checked before anything is computed."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from generative.core.errors import BadInput
from generative.style import pictures
from generative.style.schema import SMALLEST_SIDE

# An evaluation in float32 takes 2,530 bytes a pixel (benchmarks/style.py), and L-BFGS two float64
# for each channel and step of its memory; the process takes 0.9 GiB before. With some room:
BYTES_PER_PIXEL, BYTES_PER_STEP, BASE_BYTES = 3540, 48, 1.2e9


def check(name: str, sources: Sequence[Image.Image], longest_side: int, steps: int) -> None:
    """Raise `BadInput` if one of `sources`, resized to `longest_side`, needs more than is free.

    name: of the parameter or option that sets the size, for the message. steps: in the memory of
    L-BFGS.
    """
    free = free_bytes()
    if free is None:
        return
    sizes = [pictures.shrink(picture, longest_side).size for picture in sources]
    width, height = max(sizes, key=lambda sides: sides[0] * sides[1])
    needed = BASE_BYTES + (BYTES_PER_PIXEL + BYTES_PER_STEP * steps) * width * height
    if needed > free:
        share = max(0.0, (free - BASE_BYTES) / (needed - BASE_BYTES))
        fits = int(max(width, height) * share**0.5) // 32 * 32
        advice = f"{fits} fits" if fits >= SMALLEST_SIDE else "close other programs"
        raise BadInput(
            f"{name}: {width} x {height} pixels need about {needed / 2**30:.1f} GiB, "
            f"{free / 2**30:.1f} are free; {advice}"
        )


def free_bytes() -> int | None:
    """Memory that a process may take, or all there is; None where the system does not tell."""
    with contextlib.suppress(OSError, ValueError, StopIteration, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        line = next(line for line in lines if line.startswith("MemAvailable:"))
        return int(line.split()[1]) * 1024
    if {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= set(getattr(os, "sysconf_names", {})):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
