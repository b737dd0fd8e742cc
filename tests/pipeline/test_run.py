"""What `generative repro` says before it runs `dvc repro`."""

from pathlib import Path
from typing import Any

import pytest

from generative.core.errors import BadInput
from generative.pipeline import run


@pytest.mark.parametrize(
    ("folders", "says"),
    [
        (["data/models/ensemble"], True),
        (["data/models/ensemble", "data/judge"], False),
        (["data/judge"], False),
        ([], False),
    ],
)
def test_results_of_an_older_layout_are_told(
    folders: list[str],
    says: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[Any],
) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="dvc repro failed"):  # the folder is no project
        run.repro([])
    first, *_ = (capfd.readouterr().out + "\n").splitlines()
    assert ("every stage runs again, once" in first) == says
    assert all((tmp_path / folder).exists() for folder in folders)
