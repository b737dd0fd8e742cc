import pytest
from PIL import Image

from generative.core.errors import BadInput
from generative.style import memory

SMALL, LARGE = Image.new("RGB", (40, 40)), Image.new("RGB", (6000, 4000))


def test_a_size_that_does_not_fit_is_refused_with_one_that_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 8 * 2**30)
    memory.check("--size", [SMALL, LARGE], 512, 20)
    message = r"--size: 6000 x 4000 pixels need about .* GiB, 8.0 are free; (\d+) fits"
    for sources in ([SMALL, LARGE], [LARGE, SMALL]):
        with pytest.raises(BadInput, match=message) as refused:
            memory.check("--size", sources, 8000, 20)
    fits = int(str(refused.value).split()[-2])
    assert 512 < fits < 6000
    memory.check("--size", [LARGE], fits, 20)
    for side, steps in ((fits + 64, 20), (fits, 25)):
        with pytest.raises(BadInput, match="GiB"):
            memory.check("--size", [LARGE], side, steps)


def test_where_nothing_fits_no_size_is_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: 2**28)
    with pytest.raises(BadInput, match="0.2 are free; close other programs"):
        memory.check("--size", [SMALL], 512, 20)


def test_where_free_memory_is_unknown_any_size_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda: None)
    memory.check("--size", [LARGE], 8000, 20)


def test_free_memory_is_in_bytes() -> None:
    free = memory.free_bytes()
    assert free is None or free > 2**24
