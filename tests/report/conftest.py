from pathlib import Path

import pytest

from tests.support.report import write_results


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The results of `tests.support.report.DOCUMENT`."""
    folder = tmp_path / "data"
    write_results(folder)
    return folder
