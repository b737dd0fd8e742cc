"""What each family came to, in a sentence: numbers for the words in `words.yaml`."""

from collections.abc import Sequence
from typing import Any

from generative.report.metrics import surely_better

Contents = dict[str, Any]


def answers(models: Sequence[Contents]) -> dict[str, Contents]:
    """For each family that has any result, which sentence answers its question and the numbers in
    it; families whose sentence lacks a number are left out."""
    found: dict[str, Contents] = {}
    for family, answer in ANSWERS.items():
        own = [one for one in models if one["family"] == family]
        values = answer(own)
        if values and None not in values.values():
            found[family] = values
    return found


def number(model: Contents, name: str, part: str = "value") -> Any:
    """A metric of `model`, or its floor or baseline; None where there is none."""
    return next((row[part] for row in model["metrics"] if row["name"] == name), None)


def best(models: Sequence[Contents], name: str, lowest: bool = False) -> Contents | None:
    """The model whose metric is the best of those that compare: of the data set of the first."""
    having = [m for m in models if number(m, name) is not None]
    own = [m for m in having if m["dataset"] == having[0]["dataset"]]
    choose = min if lowest else max
    return choose(own, key=lambda m: number(m, name)) if own else None


def vae(models: Sequence[Contents]) -> Contents | None:
    """Of grey levels, nats are a score and describe nothing."""
    for one in models:
        elbo, pixels = number(one, "test/elbo_nats"), one["data"].get("binarization", "none")
        if elbo is not None and pixels != "none":
            return {"model": one["key"], "nats": -elbo, "size": number(one, "test/active_units")}
    return None


def gan(models: Sequence[Contents]) -> Contents | None:
    one = best(models, "samples/frechet_distance", lowest=True)
    floor = number(one, "samples/frechet_distance", "floor") if one else None
    if not one or not floor:
        return None
    distance = number(one, "samples/frechet_distance")
    found = {"model": one["key"], "dataset": one["dataset"].replace("_", " ")}
    return {**found, "distance": distance, "times": distance / floor}


def text(models: Sequence[Contents]) -> Contents | None:
    one = best(models, "test/bits_per_character", lowest=True)
    packed = number(one, "test/bits_per_character", "baseline") if one else None
    if not one or packed is None:
        return None
    return {"model": one["key"], "bits": number(one, "test/bits_per_character"), "packed": packed}


def classifiers(models: Sequence[Contents]) -> Contents | None:
    judge = next((m for m in models if m["key"] == "judge"), None)
    one = judge or best(models, "test/accuracy")
    accuracy = number(one, "test/accuracy") if one else None
    return {"model": one["key"], "percent": 100 * accuracy} if one and accuracy else None


def multi_io(models: Sequence[Contents]) -> Contents | None:
    rows = [surely_better(row) for one in models for row in one["metrics"]]
    known = [better for better in rows if better is not None]
    return {"better": sum(known), "all": len(known)} if known else None


def style(models: Sequence[Contents]) -> Contents | None:
    ratios = [r for m in models if (r := number(m, "held_out_style_ratio")) is not None]
    return {"low": min(ratios), "high": max(ratios)} if ratios else None


ANSWERS = {
    "vae": vae,
    "gan": gan,
    "text": text,
    "classifiers": classifiers,
    "multi_io": multi_io,
    "style": style,
}
