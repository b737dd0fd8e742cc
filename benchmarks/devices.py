"""What each network does on which device and how: a table of docs/gpu.md, from outcomes of tests.

Only tests that pass make a cell. Half an hour on two cores, or what `make check` reported:

    python benchmarks/devices.py [REPORT]
    PYTEST_ADDOPTS=--junitxml=REPORT make check
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from tests.support.training import KEYS, SECTIONS

TESTS = Path("tests/training")
# A column, and the test of which each network is a case; some with more than one.
COLUMNS = {
    "float32, deterministic": "test_no_operation_raises",
    "XLA": "test_a_compiled_step_is_the_plain_one",
    "two devices": "test_a_step_of_two_devices_is_that_of_one",
    "bfloat16": "test_a_network_trains_in_bfloat16",
    "the profile `full`": "test_three_steps",
}


def outcomes(report: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Each case of each test: its name, its parameters, and what it recorded."""
    if not report.exists():
        tests = ["-m", "slow", "-k", " or ".join(COLUMNS.values()), f"--junitxml={report}"]
        subprocess.run(["pytest", *tests, TESTS], stdout=sys.stderr, check=False)
    for case in ElementTree.parse(report).iter("testcase"):
        name, _, parameters = case.get("name", "").partition("[")
        if name in COLUMNS.values():
            if case.find("failure") is not None or case.find("error") is not None:
                sys.exit(f"error: {name} failed; the table is of tests that pass")
            found = {p.get("name", ""): p.get("value", "") for p in case.iter("property")}
            yield name, parameters.rstrip("]"), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path, nargs="?", help="JUnit's, made where it is missing")
    cells: dict[tuple[str, str], list[dict[str, str]]] = {}
    with TemporaryDirectory() as folder:
        report = parser.parse_args().report or Path(folder, "report.xml")
        for name, parameters, found in outcomes(report):
            cells.setdefault((parameters.partition("-")[0], name), []).append(found)
    rows = [["network", *COLUMNS], ["---"] * (len(COLUMNS) + 1)]
    for key in KEYS:
        row = [f"`{SECTIONS[key]['network']}`"]
        for test in COLUMNS.values():
            recorded = cells[key, test]  # no cell is blank
            memory = recorded[0].get("peak_mb")
            count = f" ({len(recorded)})" if len(recorded) > 1 else ""
            row.append(f"{int(memory):,} MB" if memory else f"works{count}")
        rows.append(row)
    print("\n".join(f"| {' | '.join(row)} |" for row in rows))


if __name__ == "__main__":
    main()
