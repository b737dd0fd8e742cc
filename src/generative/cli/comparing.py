"""What `generative verify` and `generative compare` print."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console

from generative.core.errors import BadInput
from generative.results.comparison import Finding, compare, differences, verdicts
from generative.results.records import Record

COLOURS = {"equal": "green", "within": "green", "off": "red", "missing": "yellow"}
RIGHT = ("equal", "within")


def report(
    found: Sequence[Record],
    known: Sequence[Record],
    seeds: Sequence[Record],
    show_all: bool,
    as_json: bool,
) -> None:
    """Print the findings that are not right, or all, and each model's verdict; exit with 1 unless
    all verdicts are right. Raises `BadInput` where no model is on both sides."""
    if not {record.model for record in found} & {record.model for record in known}:
        raise BadInput("they have no model in common: there is nothing to compare")
    findings = list(compare(found, known, seeds))
    said = verdicts(findings)
    differs = differences(found, known)
    if as_json:
        listed = [asdict(one) for one in findings]
        print(json.dumps({"verdicts": said, "findings": listed, "differences": differs}, indent=1))
    else:
        console = Console(soft_wrap=True, highlight=False)
        for one in findings:
            if show_all or one.status not in RIGHT:
                console.print(line(one))
        for text, models in differs.items():
            console.print(f"differs: {text} ({', '.join(models)})", markup=False)
        for model, status in said.items():
            own = [one.status for one in findings if one.model == model]
            counts = ", ".join(f"{own.count(s)} {s}" for s in COLOURS if s in own)
            console.print(f"[{COLOURS[status]}]{model}: {status}[/] ({counts})")
    sys.exit(0 if set(said.values()) <= set(RIGHT) else 1)


def line(one: Finding) -> str:
    """One number, what was expected, and why."""
    value = "none" if one.value is None else f"{one.value:.6g}"
    expected = "" if one.low is None else f", expected {one.low:.5g} to {one.high:.5g}"
    status = f"[{COLOURS[one.status]}]{one.status}[/]"
    return f"{status} {one.model} {one.metric}: {value}{expected} ({one.reason})"
