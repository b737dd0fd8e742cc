"""Charts that compare the models of a family: for a metric, each model's number on one line, with
the range of other seeds and the floor or baseline that it is to be read against."""

from collections.abc import Sequence
from math import floor, log10
from typing import Any

Contents = dict[str, Any]
# Metrics of each family that are drawn, in order.
DRAWN = {
    "vae": (
        *("test/elbo_nats", "samples/frechet_distance", "samples/precision", "samples/recall"),
        "samples/sharpness",
    ),
    "gan": (
        *("samples/frechet_distance", "samples/precision", "samples/recall"),
        *("samples/label_accuracy", "samples/category_error"),
    ),
    "text": ("test/bits_per_character", "test/next_character_accuracy"),
    "classifiers": ("test/accuracy", "test/expected_calibration_error"),
    "multi_io": ("test/accuracy", "test/auc", "test/year_mean_absolute_error"),
    "style": ("style_loss_ratio", "held_out_style_ratio", "lpips_to_content"),
}
LOGARITHMIC = ("samples/frechet_distance",)
MARGIN = 0.06  # of the width, beyond the outermost number on each side


def strips(family: str, models: Sequence[Contents]) -> list[Contents]:
    """One chart for each metric and data set that it compares on; none of nothing."""
    found = []
    for name in DRAWN.get(family, ()):
        groups: dict[str, list[Contents]] = {}
        for model in models:
            rows = {row["name"]: row for row in model["metrics"]}
            if name in rows:
                row = rows[name]
                reference = row["floor"] if row["floor"] is not None else row["baseline"]
                groups.setdefault(comparable(name, model), []).append(
                    {
                        "model": model["key"],
                        "value": row["value"],
                        "seeds": row["seeds"],
                        "reference": reference,
                    }
                )
        found += [strip(name, group, rows) for group, rows in groups.items()]
    return found


def comparable(name: str, model: Contents) -> str:
    """What the numbers of models that compare have in common: the data, and of a bound also which
    pixels."""
    pixels = model["data"].get("binarization", "none") if name == "test/elbo_nats" else ""
    shown = model["dataset"] if model["family"] != "style" else ""
    return " ".join(filter(None, (shown, "" if pixels in ("", "none") else pixels)))


def strip(name: str, group: str, rows: list[Contents]) -> Contents:
    """One chart: its scale, and where everything is along it, in percent of its width."""
    logarithmic = name in LOGARITHMIC
    values = [
        x
        for row in rows
        for x in (row["value"], row["reference"], *(row["seeds"] or ())[:2])
        if x is not None and (x > 0 or not logarithmic)
    ]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if low == high:
        low, high = low - abs(low or 1) / 10, high + abs(high or 1) / 10

    def along(value: float | None) -> float | None:
        if value is None:
            return None
        share = position(value, low, high, logarithmic)
        return round(100 * (MARGIN + (1 - 2 * MARGIN) * min(1.0, max(0.0, share))), 2)

    drawn = [
        {
            **row,
            "at": along(row["value"]),
            "range": [along(x) for x in row["seeds"][:2]] if row["seeds"] else None,
            "reference_at": along(row["reference"]),
        }
        for row in rows
    ]
    ticks = [{"value": tick, "at": along(tick)} for tick in ticks_of(low, high, logarithmic)]
    return {"name": name, "group": group, "logarithmic": logarithmic, "rows": drawn, "ticks": ticks}


def position(value: float, low: float, high: float, logarithmic: bool) -> float:
    if logarithmic:
        low, high, value = (log10(max(x, 1e-12)) for x in (low, high, value))
    return (value - low) / (high - low)


def ticks_of(low: float, high: float, logarithmic: bool) -> list[float]:
    """Two to six round numbers from `low` to `high`: powers of ten; of one or none, also twice and
    five times those; or, between two of these, as on a linear scale."""
    if logarithmic:
        powers = range(floor(log10(max(low, 1e-12))), floor(log10(high)) + 1)
        every = -(-len(powers) // 5)
        within = [10.0**p for p in powers if low <= 10.0**p <= high and p % every == 0]
        if len(within) < 2:
            rounds = [m * 10.0**p for p in powers for m in (1, 2, 5)]
            within = [tick for tick in rounds if low <= tick <= high]
        if len(within) > 1:
            return within
    rough = (high - low) / 4
    unit = 10.0 ** floor(log10(rough))
    step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= rough)
    first = -(-low // step)
    return [float(f"{i * step:.10g}") for i in range(int(first), int(high // step) + 1)]
