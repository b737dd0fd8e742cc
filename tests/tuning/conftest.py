from pathlib import Path
from typing import Any

import pytest

from generative.tuning import search as tuning
from generative.tuning.search import Search
from tests.support.tuning import loss_of


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tuning, "JOURNALS", tmp_path / "journals")
    return tmp_path / "journals"


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Trials without training; the arguments of each, in order."""
    arguments: list[dict[str, Any]] = []

    def validate(search: Search, chosen: dict[str, Any], *_: Any) -> float:
        arguments.append(chosen)
        return loss_of(chosen)

    monkeypatch.setattr(tuning, "validate", validate)
    return arguments
