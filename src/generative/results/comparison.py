"""Whether results are the same: equal, within what other seeds come to, off, or not there.

One function behind `generative verify`, `generative compare` and the report.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from generative.core.uncertainty import STANDARD_ERROR
from generative.results.records import Record, by_model

# Of the interval that the next seed is expected in; and how often a model that is right may be
# called off, if its numbers were independent.
LEVEL, FALSE_ALARMS = 0.99, 0.001
# Of several sampling seeds, which not everybody takes.
DEVIATION = "_deviation"

Status = Literal["equal", "within", "off", "missing"]
STATUSES: tuple[Status, ...] = get_args(Status)
Interval = tuple[float, float]


@dataclass(frozen=True)
class Finding:
    """A number beside those it is compared with.

    value: None where it is missing. low, high: where the next seed is expected; None where there
    are not two seeds, or the numbers must be equal. far: whether it is so far out that this number
    alone tells. reason: what decided.
    """

    model: str
    metric: str
    status: Status
    value: float | None
    low: float | None
    high: float | None
    far: bool
    reason: str


def prediction_interval(
    values: Sequence[float], level: float = LEVEL, error: float = 0.0, around: float | None = None
) -> Interval:
    """Where the next of normally distributed numbers falls with the probability `level`: mean +- t
    s sqrt(1 + 1/n), with Student's t of n - 1 degrees of freedom; two numbers or more.

    s is at least `error`, the standard error of one of them. around: a single number in the place
    of the mean, to whose error the interval makes room, too.
    """
    from scipy.stats import t

    count = len(values)
    centre, added = (float(np.mean(values)), 1 / count) if around is None else (around, 1.0)
    deviation = max(float(np.std(values, ddof=1)), error) * np.sqrt(1 + added)
    half = float(t.ppf((1 + level) / 2, count - 1) * deviation)
    return centre - half, centre + half


def compare(
    found: Sequence[Record], known: Sequence[Record], seeds: Sequence[Record] = ()
) -> Iterator[Finding]:
    """Each number of `found` beside those of `known`, and what of either the other lacks.

    Numbers of one machine, parameters and seed must be equal; others are expected where the seeds
    of `known` say: those of the same profile, measured in the same way, of the same precision or,
    where there are none, of another. seeds: records that say how far seeds are apart, where `known`
    has but one.
    """
    of_model, of_seeds = by_model(known), by_model(seeds)
    for record in found:
        all_known = of_model.get(record.model, [])
        theirs = comparable(record, all_known)
        spread = comparable(record, of_seeds.get(record.model, []))
        expected = [n for r in theirs for n in r.metrics if not n.endswith(DEVIATION)]
        for name in dict.fromkeys([*record.metrics, *expected]):
            yield finding(record, name, theirs, spread, nothing_because(record, all_known))
    missing = of_model.keys() - {record.model for record in found}
    for model in sorted(missing):
        for name in dict.fromkeys(name for record in of_model[model] for name in record.metrics):
            yield Finding(model, name, "missing", None, None, None, False, "it was not found")


def comparable(record: Record, known: Sequence[Record]) -> list[Record]:
    """Those of `known` whose numbers mean the same as those of `record`."""
    own = [r for r in known if (r.profile, r.measuring) == (record.profile, record.measuring)]
    return [r for r in own if r.precision == record.precision] or own


def nothing_because(record: Record, known: Sequence[Record]) -> str:
    """Why nothing of `known`, records of its model, is comparable to `record`."""
    if not known:
        return "the model is not there"
    profiles = sorted({r.profile for r in known})
    if record.profile not in profiles:
        return f"of the profile {record.profile}, there is {', '.join(profiles)}"
    return "measured with other parameters"


def finding(
    record: Record, name: str, known: Sequence[Record], spread: Sequence[Record], nothing: str
) -> Finding:
    """What is to be said of one number."""
    value = record.metrics.get(name)
    own = [r for r in known if name in r.metrics]

    def said(
        status: Status, reason: str, interval: Interval | None = None, far: bool = False
    ) -> Finding:
        low, high = interval or (None, None)
        return Finding(record.model, name, status, value, low, high, far, reason)

    if value is None:
        return said("missing", "it was not measured")
    if not own:
        return said("missing", "no record has it" if known else nothing)
    for other in own:
        if record.is_of(other):
            expected = other.metrics[name]
            if value == expected:
                return said("equal", "one machine, parameters and seed")
            return said(
                "off", f"the same machine, parameters and seed had {expected:.6g}", far=True
            )
    if any(record.key == other.key and value == other.metrics[name] for other in own):
        return said("equal", "another machine, the same number")
    values, around = by_seed(own, name), None
    seeds = f"{len(values)} seeds in {own[0].precision}"
    if len(values) < 2:
        values, around = by_seed([r for r in spread if name in r.metrics], name), values[0]
        seeds = f"one seed, and the deviation of {len(values)} committed ones"
    if len(values) < 2:
        return said("missing", "one seed has no range")
    error = record.metrics.get(f"{name}{STANDARD_ERROR}", 0.0)
    interval = prediction_interval(values, LEVEL, error, around)
    if value in values or interval[0] <= value <= interval[1]:
        return said("within", seeds, interval)
    # Seeds that all came to one number say that others are rare, not that there are none.
    varies = max(values) > min(values) or error > 0
    level = 1 - FALSE_ALARMS / len(record.metrics)
    low, high = prediction_interval(values, level, error, around)
    return said("off", seeds, interval, far=varies and not low <= value <= high)


def by_seed(records: Sequence[Record], name: str) -> list[float]:
    """A number of each seed: the mean over the machines that it was trained on."""
    values: dict[int, list[float]] = {}
    for record in records:
        values.setdefault(record.seed, []).append(record.metrics[name])
    return [float(np.mean(own)) for own in values.values()]


def verdicts(findings: Iterable[Finding]) -> dict[str, Status]:
    """What is to be said of each model: "off" if a number is that must be equal, or far out, or if
    more numbers are out of their intervals than chance puts there; "missing" if one lacks, or
    nothing could be compared."""
    from scipy.stats import binom

    of_model: dict[str, list[Finding]] = {}
    for one in findings:
        of_model.setdefault(one.model, []).append(one)
    said: dict[str, Status] = {}
    for model, own in of_model.items():
        expected = [one for one in own if one.low is not None]
        off = [one for one in own if one.status == "off"]
        forgiven = binom.ppf(1 - FALSE_ALARMS, len(expected), 1 - LEVEL) if expected else 0
        if any(one.far for one in off) or len(off) > forgiven:
            said[model] = "off"
        elif any(one.value is None for one in own):
            said[model] = "missing"
        elif expected:
            said[model] = "within"
        else:  # equal, but for numbers that nothing is known of
            said[model] = "equal" if any(one.status == "equal" for one in own) else "missing"
    return said


def differences(
    found: Sequence[Record], known: Sequence[Record], measured_alike: bool = True
) -> dict[str, list[str]]:
    """In what machines and parameters of models differ from those they are compared with, of these
    the nearest: a line, and the models that it holds for. Unless `measured_alike`, also from those
    of other profiles, and measured with other parameters."""
    of_model, models = by_model(known), dict[str, list[str]]()
    for record in found:
        theirs = of_model.get(record.model, [])
        if measured_alike:
            theirs = comparable(record, theirs)
        for line in min((list(between(record, other)) for other in theirs), key=len, default=[]):
            if record.model not in models.setdefault(line, []):
                models[line].append(record.model)
    return models


def between(record: Record, other: Record) -> Iterator[str]:
    """In what two records differ."""
    kinds = (
        ("", {"seed": record.seed}, {"seed": other.seed}),
        ("machine ", record.machine, other.machine),
        ("", record.parameters, other.parameters),
    )
    for kind, mine, theirs in kinds:
        for name in sorted(mine.keys() | theirs.keys()):
            one, another = mine.get(name, "none"), theirs.get(name, "none")
            if one != another:
                yield f"{kind}{name}: {one}, compared with {another}"
