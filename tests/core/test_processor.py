"""What is read of the processor."""

from pathlib import Path

import pytest

from generative.core import processor

INTEL = (
    "processor\t: 0\nmodel name\t: A Xeon\nflags\t\t: fpu fma avx2 amx_tile\nmodel name\t: other\n"
)
ARM = "processor\t: 0\nFeatures\t: fp asimd bf16\n"


@pytest.mark.parametrize(
    ("text", "model", "instructions"),
    [(INTEL, "A Xeon", "avx2 fma amx_tile"), (ARM, "aarch64", "asimd bf16"), (None, "aarch64", "")],
)
def test_what_decides_is_told(
    text: str | None,
    model: str,
    instructions: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "cpuinfo"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(processor, "CPUINFO", file)
    monkeypatch.setattr(processor.platform, "machine", lambda: "aarch64")
    assert (processor.model(), processor.instructions()) == (model, instructions)
