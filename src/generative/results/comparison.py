"""Whether results are the same: equal, within what other seeds come to, off, or not there.

One function behind `generative verify`, `generative compare` and the report.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from generative.results.records import Record

# Of the interval that the next seed is expected in; and how often a model that is right may have
# more numbers out of theirs than are forgiven it.
LEVEL, FALSE_ALARMS = 0.99, 0.001
# What printing and reading a number may change of it.
RELATIVE = 1e-9

# Of several sampling seeds, which not everybody takes.
DEVIATION = "_deviation"

Status = Literal["equal", "within", "off", "missing"]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Finding:
    """A number beside those it is compared with.

    value: None where it is missing. low, high: where the next seed is expected; None where there
    are not two seeds, or the numbers must be equal. reason: what decided.
    """

    model: str
    metric: str
    status: Status
    value: float | None
    low: float | None
    high: float | None
    seeds: int
    reason: str


def prediction_interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """Where the next of normally distributed numbers falls with the probability `level`: mean +- t
    s sqrt(1 + 1/n), with Student's t of n - 1 degrees of freedom; two numbers or more."""
    from scipy.stats import t

    count, mean = len(values), float(np.mean(values))
    deviation = float(np.std(values, ddof=1)) * np.sqrt(1 + 1 / count)
    half = float(t.ppf((1 + level) / 2, count - 1) * deviation)
    return mean - half, mean + half


def compare(found: Sequence[Record], known: Sequence[Record]) -> Iterator[Finding]:
    """Each number of `found` beside those of `known`, and what of either the other lacks.

    Numbers of one machine, parameters and seed must be equal; others are expected where the seeds
    of `known` say: those of the same profile and precision or, where there are none, of another
    precision. Profiles do not compare.
    """
    of_model: dict[str, list[Record]] = {}
    for record in known:
        of_model.setdefault(record.model, []).append(record)
    for record in found:
        theirs = comparable(record, of_model.get(record.model, []))
        expected = [n for r in theirs for n in r.metrics if not n.endswith(DEVIATION)]
        for name in dict.fromkeys([*record.metrics, *expected]):
            yield finding(record, name, theirs)
    missing = of_model.keys() - {record.model for record in found}
    for model in sorted(missing):
        for name in dict.fromkeys(name for record in of_model[model] for name in record.metrics):
            yield Finding(model, name, "missing", None, None, None, 0, "the model was not found")


def verdicts(findings: Iterable[Finding]) -> dict[str, Status]:
    """What is to be said of each model: "off" if a number that must be equal is not, or if more
    numbers are out of their intervals than chance puts there."""
    from scipy.stats import binom

    of_model: dict[str, list[Finding]] = {}
    for one in findings:
        of_model.setdefault(one.model, []).append(one)
    said: dict[str, Status] = {}
    for model, own in of_model.items():
        expected = [one for one in own if one.low is not None]
        off = [one for one in own if one.status == "off"]
        forgiven = binom.ppf(1 - FALSE_ALARMS, len(expected), 1 - LEVEL)
        if any(one.low is None for one in off) or len(off) > forgiven:
            said[model] = "off"
        elif any(one.value is None for one in own):
            said[model] = "missing"
        elif expected:
            said[model] = "within"
        else:  # equal, but for numbers that nothing is known of
            said[model] = "equal" if any(one.status == "equal" for one in own) else "missing"
    return said


def finding(record: Record, name: str, known: Sequence[Record]) -> Finding:
    """What is to be said of one number."""
    value = record.metrics.get(name)
    own = [r for r in known if name in r.metrics]

    def said(
        status: Status, reason: str, low: float | None = None, high: float | None = None
    ) -> Finding:
        return Finding(record.model, name, status, value, low, high, len(own), reason)

    if value is None:
        return said("missing", "it was not measured")
    if not own:
        profile = f"there is nothing of the profile {record.profile} to compare with"
        return said("missing", "no record has it" if known else profile)
    for other in own:
        if record.is_of(other):
            expected = other.metrics[name]
            if equal(value, expected):
                return said("equal", "one machine, parameters and seed")
            return said("off", f"the same machine, parameters and seed had {expected:.6g}")
    if any(record.key == other.key and value == other.metrics[name] for other in own):
        return said("equal", "another machine, the same number")
    values = [other.metrics[name] for other in own]
    if len(values) < 2:
        return said("missing", "one seed has no range")
    low, high = prediction_interval(values)
    inside = low <= value <= high or any(equal(value, other) for other in values)
    seeds = f"{len(values)} seeds in {precision(own[0])}"
    return said("within" if inside else "off", seeds, low, high)


def equal(one: float, other: float) -> bool:
    return abs(one - other) <= RELATIVE * max(abs(one), abs(other))


def comparable(record: Record, known: Sequence[Record]) -> list[Record]:
    """Those of `known` whose seeds `record` is compared with."""
    own = [r for r in known if r.profile == record.profile]
    return [r for r in own if precision(r) == precision(record)] or own


def precision(record: Record) -> str:
    return str(record.machine.get("precision", "unknown precision"))


def differences(found: Sequence[Record], known: Sequence[Record]) -> Iterator[str]:
    """In what machines and parameters of each model differ, a line each."""
    for record in found:
        for other in known:
            if other.model != record.model:
                continue
            for kind in ("machine", "parameters"):
                mine, theirs = getattr(record, kind), getattr(other, kind)
                for name in sorted(mine.keys() | theirs.keys()):
                    one, another = mine.get(name, "none"), theirs.get(name, "none")
                    if one != another:
                        yield f"{record.model}: {name}: {one}, compared with {another}"
            break
