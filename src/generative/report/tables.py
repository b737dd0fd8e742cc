"""Tables of the report: metrics by model, margins over baselines, and how a number is written."""

from typing import Any

import pandas as pd

from generative.core.uncertainty import STANDARD_ERROR

Table = dict[str, Any]
# How far a number may be off, beside it by its name.
SPREADS = ("_deviation", STANDARD_ERROR)


def comparison(
    columns: list[dict[str, Any]],
    names: list[str] | None = None,
    leave_out: set[str] | None = None,
) -> Table:
    """A row for each of the metrics `names`, or for all numbers but `leave_out`, and a column for
    each of `columns` that has one of them."""
    found = {n: v for column in columns for n, v in column["metrics"].items()}
    numbers = [n for n, v in found.items() if not isinstance(v, str)]
    own = [n for n in numbers if not n.endswith(SPREADS) and n not in (leave_out or ())]
    rows = own if names is None else names
    return {"columns": [c for c in columns if c["metrics"].keys() & set(rows)], "names": rows}


def margins(models: list[dict[str, Any]]) -> Table:
    """A row for each metric of `models` that has a baseline, with the interval of the margin over
    examples and, where examples have something in common, over groups of them."""
    found = []
    for model in models:
        metrics = model["metrics"]
        for name in (name for name in metrics if f"{name}_baseline" in metrics):
            low, high = f"{name}_margin_low", f"{name}_margin_high"
            groups = [own.removeprefix(low) for own in metrics if own.startswith(f"{low}_by_")]
            intervals = [
                f"{metrics[low + by]:.3g} to {metrics[high + by]:.3g}{by.replace('_', ' ')}"
                for by in ("", *groups)
            ]
            values = (metrics[f"{name}{end}"] for end in ("", "_baseline", "_margin"))
            found.append([model["key"], name.replace("_", " "), *values, *[*intervals, ""][:2]])
    names = ["model", "metric", "test", "baseline", "margin", "by example", "by group"]
    return {"columns": names, "rows": found}


def listing(table: pd.DataFrame) -> Table:
    """The columns and rows of a data frame."""
    return {"columns": list(table.columns), "rows": table.to_numpy().tolist()}


def cell(metrics: dict[str, Any], name: str) -> str:
    """A metric, with its standard error over test examples or its deviation over sampling seeds;
    empty where there is none."""
    spread = [metrics[name + kind] for kind in SPREADS if name + kind in metrics]
    return " ± ".join([number(metrics.get(name, "")), *(f"{value:.2g}" for value in spread)])


def number(value: Any) -> str:
    """Whole numbers whole, others with four significant digits; text as it is."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.4g}"
    return f"{value:.0f}" if isinstance(value, float) else str(value)
