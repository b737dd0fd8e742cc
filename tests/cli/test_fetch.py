from pathlib import Path

import pytest

from generative.cli.fetch import fetch
from generative.core.errors import BadInput


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BadInput, match="is there already and not empty; name a new folder"):
        fetch("frogs", tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
