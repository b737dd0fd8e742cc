"""What the system tells of the processor: its model, and which instructions it has."""

import platform
import re
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
# Those by which libraries choose their kernels, and with them the order of sums.
DECISIVE = (
    *("avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "i8mm", "sve"),
)


def model() -> str:
    """Its name, as far as the system tells."""
    return line("model name") or platform.machine()


def flags() -> frozenset[str]:
    """All instruction sets, by the names of Linux; none where the system does not tell."""
    return frozenset((line("flags") or line("Features")).split())


def instructions() -> str:
    """The decisive ones that it has."""
    return " ".join(name for name in DECISIVE if name in flags())


def line(name: str) -> str:
    """The first line of this name; empty without one."""
    try:
        text = CPUINFO.read_text(encoding="utf-8")
    except OSError:
        return ""
    found = re.search(rf"^{name}\s*: (.*)$", text, re.M)
    return found[1] if found else ""
