"""Models that are trained with several seeds, for the records in results/."""

from typing import Annotated, Any

from pydantic import Field

from generative.core.params import Different, Schema, Seed

# The stages of a model, by the section of params.yaml that has it.
STAGES = {
    "train": ("train", "evaluate"),
    "generators": ("image_quality",),
    "disentanglement": ("disentanglement",),
}


class Study(Schema):
    """The section `study`. seeds: of the trainings of each model."""

    seeds: Annotated[list[Seed], Field(min_length=1), Different]


def apart(models: list[str], document: dict[str, Any]) -> list[list[str]]:
    """`models` in groups whose seeds may change together: those that the judge is made of by
    themselves, for with another judge the others would be measured in other units."""
    judges = {
        key
        for judge in (document.get("judge") or {}).values()
        for key in (*judge["members"], judge["features"])
    }
    groups = [[m for m in models if m not in judges], [m for m in models if m in judges]]
    return [group for group in groups if group]


def stages(models: list[str], document: dict[str, Any]) -> list[str]:
    """What trains and measures `models`, as dvc.yaml calls it."""
    return [
        f"{stage}@{key}"
        for section, names in STAGES.items()
        for key in models
        if key in (document.get(section) or {})
        for stage in names
    ]
