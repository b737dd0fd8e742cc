"""What `generative verify` and `generative compare` print."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from generative.results.comparison import Finding, compare, differences, verdicts
from generative.results.records import Record

COLOURS = {"equal": "green", "within": "green", "off": "red", "missing": "yellow"}


def report(found: Sequence[Record], known: Sequence[Record], as_json: bool) -> None:
    """Print each number's finding and each model's verdict; exit with 1 where one is off, or a
    number lacks."""
    findings = list(compare(found, known))
    said = verdicts(findings)
    lines = list(dict.fromkeys(differences(found, known)))
    if as_json:
        print(
            json.dumps(
                {
                    "verdicts": said,
                    "findings": [asdict(one) for one in findings],
                    "differences": lines,
                },
                indent=1,
            )
        )
    else:
        console = Console(soft_wrap=True)
        console.print(table(findings))
        for line in lines:
            console.print(f"differs: {line}", highlight=False)
        for model, status in said.items():
            own = [one.status for one in findings if one.model == model]
            counts = ", ".join(f"{own.count(s)} {s}" for s in COLOURS if s in own)
            console.print(f"[{COLOURS[status]}]{model}: {status}[/] ({counts})", highlight=False)
    lacking = any(one.value is None for one in findings)
    sys.exit(1 if lacking or "off" in said.values() else 0)


def table(findings: Sequence[Finding]) -> Table:
    """A row a number."""
    made = Table("model", "metric", "value", "expected", "", "because")
    for one in findings:
        expected = "" if one.low is None else f"{one.low:.5g} to {one.high:.5g}"
        value = "" if one.value is None else f"{one.value:.6g}"
        status = f"[{COLOURS[one.status]}]{one.status}[/]"
        made.add_row(one.model, one.metric, value, expected, status, one.reason)
    return made
