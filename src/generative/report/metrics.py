"""The numbers of models: each beside its error, its floor or baseline and other seeds."""

from collections.abc import Iterator, Sequence
from typing import Any

from generative.report.folders import Folders
from generative.results.comparison import STATUSES, by_seed, comparable, compare, verdicts
from generative.results.records import Record

Document = dict[str, Any]
Contents = dict[str, Any]
DISTANCE = "samples/frechet_distance"
# What a metric is read against that is no floor: a compressor that saw the same text.
RIVALS = {"test/bits_per_character": "test/compressed_bits_per_character"}
# Times its floor, a distance is too far: of digits, a blur of one pixel costs as much.
FAR = 100


def references(folders: Folders, document: Document, models: Sequence[Contents]) -> Contents:
    """Metrics of known cases for each data set, and which features they were measured in.

    Numbers of a model that were measured in others do not compare: they are left out, and noted.
    """
    found: Contents = {}
    generators = document.get("generators") or {}
    for dataset in document.get("references") or {}:
        cases = folders.metrics("references", dataset)
        if not cases:
            continue
        extractor = cases.pop("extractor")
        for one in models:
            if generators.get(one["key"], {}).get("dataset") != dataset:
                continue
            own = one["numbers"].pop("samples/extractor", extractor)
            if own != extractor:
                reason = (
                    f"it comes from the extractor {own}, data/references/{dataset} from "
                    f"{extractor}: they do not compare; run generative repro"
                )
                folders.unusable("image_quality", one["key"], reason)
                one["numbers"] = {
                    name: value
                    for name, value in one["numbers"].items()
                    if not name.startswith("samples/")
                }
            one["reference"] = dataset
        found[dataset] = {"extractor": extractor, "cases": cases}
    return found


def listed(
    one: Contents, floors: Contents, own: dict[str, Record], known: Sequence[Record]
) -> list[Contents]:
    """Each number of a model, its standard error, its floor or baseline, and the range that other
    seeds of it had: those of `known` that are comparable with its record in `own`."""
    values = {n: v for n, v in one.pop("numbers").items() if isinstance(v, int | float)}
    cases = floors.get(one.get("reference", ""), {}).get("cases", {})
    others = other_seeds(own.get(one["key"]) or own.get(f"style_{one['key']}"), known)
    rows = []
    for name, value in values.items():
        short = name.partition("/")[2] or name
        if short.endswith(("_standard_error", "_deviation", "_baseline")) or "_margin" in short:
            continue
        error = values.get(f"{name}_standard_error", values.get(f"{name}_deviation"))
        seeds = by_seed([other for other in others if name in other.metrics], name)
        row = {
            "name": name,
            "value": value,
            "error": error,
            "floor": cases.get("floor", {}).get(short) if name.startswith("samples/") else None,
            "baseline": values.get(f"{name}_baseline", values.get(RIVALS.get(name, ""))),
            "margin": [values.get(f"{name}_margin_{end}") for end in ("low", "high")],
            "by_group": list(by_group(values, name)),
            "seeds": [min(seeds), max(seeds), len(seeds)] if len(seeds) > 1 else None,
        }
        rows.append(row if row["baseline"] is not None else {**row, "margin": None})
    return rows


def other_seeds(record: Record | None, known: Sequence[Record]) -> list[Record]:
    """Those of `known` that are of the same model and compare with it, but for its own seed."""
    if not record:
        return []
    of_model = [other for other in known if other.model == record.model]
    return [other for other in comparable(record, of_model) if other.seed != record.seed]


def doubts(rows: Sequence[Contents]) -> Iterator[Contents]:
    """Numbers by which a model is bad: far from the floor, or no better than a baseline."""
    for row in rows:
        name, value, rival = row["name"], row["value"], row["baseline"]
        if name == DISTANCE and row["floor"] and value > FAR * row["floor"]:
            yield {"says": "far", "metric": name, "value": value, "than": row["floor"]}
        loses = name in RIVALS and rival is not None and value >= rival
        if loses or surely_better(row) is False:
            yield {"says": "no_better", "metric": name, "value": value, "than": rival}


def surely_better(row: Contents) -> bool | None:
    """Whether the interval of a margin over a baseline is above 0, over groups of examples where
    there are any; None of what has no interval."""
    if not row["margin"] or row["margin"][0] is None:
        return None
    low = row["by_group"][1] if row["by_group"] else row["margin"][0]
    return bool(low > 0)


def by_group(values: dict[str, Any], name: str) -> Iterator[Any]:
    """The interval of a margin over groups of examples: what groups them, low and high."""
    start = f"{name}_margin_low_by_"
    for own in values:
        if own.startswith(start):
            group = own.removeprefix(start)
            yield from (group, values[own], values[f"{name}_margin_high_by_{group}"])


def committed(own: dict[str, Record], known: Sequence[Record]) -> list[Contents]:
    """A row for each model that is in results/: what is said of it, of how many of its numbers, and
    which are off."""
    both = {record.model for record in known} & set(own)
    found = [record for model, record in own.items() if model in both]
    findings = list(compare(found, [record for record in known if record.model in both]))
    rows = []
    for key, verdict in verdicts(findings).items():
        of_model = [one for one in findings if one.model == key]
        counts = {status: sum(one.status == status for one in of_model) for status in STATUSES}
        off = [one.metric for one in of_model if one.status == "off"]
        rows.append({"model": key, "verdict": verdict, "counts": counts, "off": off})
    return rows
