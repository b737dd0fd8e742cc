"""The numbers of models: each beside its error, its floor or baseline and other seeds."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from generative.core.errors import BadInput
from generative.results import records
from generative.results.collect import of_checkout
from generative.results.comparison import STATUSES, compare, verdicts

Document = dict[str, Any]
Contents = dict[str, Any]


def references(
    read: Callable[[str], Contents], document: Document, models: Sequence[Contents]
) -> Contents:
    """Metrics of known cases for each data set, and which features they were measured in.

    read: the metrics of the cases of a data set, nothing where there are none.

    Raises `BadInput` where a model of it was measured in others: such numbers do not compare.
    """
    found: Contents = {}
    generators = document.get("generators") or {}
    for dataset in document.get("references") or {}:
        cases = read(dataset)
        if not cases:
            continue
        extractor = cases.pop("extractor")
        for one in models:
            if generators.get(one["key"], {}).get("dataset") != dataset:
                continue
            own = one["numbers"].pop("samples/extractor", extractor)
            if own != extractor:
                raise BadInput(
                    f"data/image_quality/{one['key']} comes from the extractor {own}, "
                    f"data/references/{dataset} from {extractor}: they do not compare; "
                    "run dvc repro"
                )
            one["reference"] = dataset
        found[dataset] = {"extractor": extractor, "cases": cases}
    return found


def listed(
    one: Contents, floors: Contents, known: Sequence[records.Record], profile: str
) -> list[Contents]:
    """Each number of a model, its standard error, its floor or baseline, and the range that other
    seeds had."""
    values = {n: v for n, v in one.pop("numbers").items() if isinstance(v, int | float)}
    cases = floors.get(one.get("reference", ""), {}).get("cases", {})
    own = [r for r in known if r.model in (one["key"], f"style_{one['key']}")]
    seeds = [r.metrics for r in own if r.profile == profile]
    rows = []
    for name, value in values.items():
        short = name.partition("/")[2] or name
        if short.endswith(("_standard_error", "_deviation", "_baseline")) or "_margin" in short:
            continue
        error = values.get(f"{name}_standard_error", values.get(f"{name}_deviation"))
        range_of = sorted(metrics[name] for metrics in seeds if name in metrics)
        row = {
            "name": name,
            "value": value,
            "error": error,
            "floor": cases.get("floor", {}).get(short) if name.startswith("samples/") else None,
            "baseline": values.get(f"{name}_baseline"),
            "margin": [values.get(f"{name}_margin_{end}") for end in ("low", "high")],
            "by_group": list(by_group(values, name)),
            "seeds": [range_of[0], range_of[-1], len(range_of)] if len(range_of) > 1 else None,
        }
        rows.append(row if row["baseline"] is not None else {**row, "margin": None})
    return rows


def by_group(values: dict[str, Any], name: str) -> Iterator[Any]:
    """The interval of a margin over groups of examples: what groups them, low and high."""
    start = f"{name}_margin_low_by_"
    for own in values:
        if own.startswith(start):
            group = own.removeprefix(start)
            yield from (group, values[own], values[f"{name}_margin_high_by_{group}"])


def committed(data: Path) -> list[Contents]:
    """A row for each model that is in results/: what is said of it, of how many of its numbers, and
    which are off."""
    known = records.committed(data.parent / records.FOLDER)
    found = of_checkout(data.parent) if known else []
    both = {record.model for record in known} & {record.model for record in found}
    found, known = ([record for record in own if record.model in both] for own in (found, known))
    findings = list(compare(found, known))
    rows = []
    for key, verdict in verdicts(findings).items():
        own = [one for one in findings if one.model == key]
        counts = {status: sum(one.status == status for one in own) for status in STATUSES}
        off = [one.metric for one in own if one.status == "off"]
        rows.append({"model": key, "verdict": verdict, "counts": counts, "off": off})
    return rows
