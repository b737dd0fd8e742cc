"""A part of the length of every training in params.yaml, and of nothing else."""

from typing import Any

from generative.core.params import section

LEAST_EPOCHS = 2  # fewer make no curve


def scaled(document: dict[str, Any], profile: dict[str, Any], share: float) -> dict[str, Any]:
    """Values for `document`, the whole of params.yaml, by which the trainings that `profile` sets
    take `share` of their steps, and its styles of their evaluations. What it leaves as it is, such
    as the judge that measures the others, keeps its length.

    Epochs are fewer; where that is not enough each is shorter. One that is a pass over the data
    stays whole: its steps are not known here.
    """

    def set_by_profile(top: str) -> list[str]:
        own, defaults = profile.get(top) or {}, profile.get("defaults") or {}
        sections = document.get(top) or {}
        families = {key: values.get("family", top) for key, values in sections.items()}
        return [key for key in sections if own.get(key) or defaults.get(families[key])]

    train = {}
    for key in set_by_profile("train"):
        own = section(f"train.{key}", document)
        epochs, steps = own["epochs"], own.get("steps_per_epoch")
        wanted = epochs * share
        fewer = max(round(wanted), min(epochs, LEAST_EPOCHS))
        train[key] = {"epochs": fewer}
        if steps:
            length = max(1, round(steps * wanted / fewer))
            per_call = min(own["steps_per_call"], length)
            train[key] |= {"steps_per_epoch": length, "steps_per_call": per_call}
    style = {
        key: {
            "scales": [
                {**scale, "evaluations": max(1, round(scale["evaluations"] * share))}
                for scale in section(f"style.{key}", document)["scales"]
            ]
        }
        for key in set_by_profile("style")
    }
    return {"profile": f"{document['profile']}_{share:g}", "train": train, "style": style}
