from pathlib import Path

import pytest

from tests.support.report import write_results


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The results of `tests.support.report.DOCUMENT`."""
    write_results(tmp_path)
    return tmp_path
