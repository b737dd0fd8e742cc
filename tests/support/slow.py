"""Tests that `make check` runs and `make test` does not."""

from collections.abc import Iterable
from typing import Any

import pytest


def unless_quick(names: Iterable[str], quick: Iterable[str]) -> list[Any]:
    """The cases `names` of a test, of which those that are not `quick` are slow."""
    quick, names = set(quick), list(names)
    assert quick <= set(names), f"no such cases: {quick - set(names)}"
    return [n if n in quick else pytest.param(n, marks=pytest.mark.slow) for n in names]
