from pathlib import Path

import pytest

from generative.pipeline import timings
from generative.pipeline.timings import Timing


def test_what_was_measured_here_counts_more_than_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(timings, "ELSEWHERE", tmp_path / "elsewhere.json")
    timings.write({"a": Timing(0, 10), "b": Timing(0, 20)}, timings.ELSEWHERE)
    assert timings.expected("default") == timings.read(timings.ELSEWHERE)
    timings.write({"a": Timing(0, 1)})
    assert {n: t.seconds for n, t in timings.expected("default").items()} == {"a": 1, "b": 20}
    # Another profile takes another time.
    assert timings.expected("smoke") == {"a": Timing(0, 1)}


@pytest.mark.parametrize("content", ["", "[1]", '{"a": 1}', '{"a": {"hours": 1}}'])
def test_a_damaged_file_is_as_none(content: str, tmp_path: Path) -> None:
    (tmp_path / "timings.json").write_text(content)
    assert timings.read(tmp_path / "timings.json") == {}


def test_the_longest_chain_that_waits() -> None:
    needed_by = {"a": ["b", "c"], "b": ["d"], "c": [], "d": []}
    seconds = {"a": 1.0, "b": 2.0, "c": 9.0, "d": 3.0}
    assert timings.longest_paths(needed_by, seconds) == {"a": 10.0, "b": 5.0, "c": 9.0, "d": 3.0}


def test_the_table_is_in_the_order_of_the_run() -> None:
    lines = timings.table({"late": Timing(5, 2, 1.5, 30), "early": Timing(0, 3, 2.5, 40)})
    head, first, second, total = lines.splitlines()
    assert head.split()[:2] == ["stage", "start"]
    assert (first.split()[0], second.split()[0]) == ("early", "late")
    assert total.split() == ["all", "5.0", "4.0"]
