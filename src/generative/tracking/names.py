"""The names of parameters, metrics and tags in MLflow: one name has one meaning in every run, so
that any two runs can be compared."""

import hashlib
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from generative.core.params import flatten

NAME_LENGTH = 250  # of a parameter or a metric
# Sections whose parameters are called as they are in params.yaml, without section and key; those of
# other sections keep the section's name.
MAIN = ("train", "style", "judge")
# Which model this is: tags, by which runs are found and grouped.
IDENTITY = ("family", "network", "dataset")
# What a final metric was measured on, by the folder of data/ that holds it; "test" where it is none
# of these.
MEASURED_ON = {"image_quality": "samples", "disentanglement": "samples"}


def parameters(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a run, nested as in params.yaml, by the names that all runs share:
    `model.learning_rate`, `batch_size`, `runtime.threads`, `tune.trials`."""
    found: dict[str, Any] = {}
    for top, values in params.items():
        if top == "runtime":
            found |= flatten(values, "runtime.")
            continue
        for own in values.values():
            read = {name: value for name, value in own.items() if name not in IDENTITY}
            found |= flatten(read, "" if top in MAIN else f"{top}.")
    return found


def tags(stage: str, params: Mapping[str, Any]) -> dict[str, str]:
    """Which model the run of a stage is of: `model`, `family`, `network`, `dataset`, `seed`."""
    top, _, key = stage.partition("@")
    found = {"model": key, "family": top}
    # Of a search, the network that it trains.
    for section in ("style", "judge", "tune", "train"):
        own = (params.get(section) or {}).get(key) or {}
        found |= {name: str(own[name]) for name in (*IDENTITY, "seed") if name in own}
    return found


def curve(column: str) -> str:
    """The name of a column of a training's history: in `train/`, or in `val/`."""
    return f"val/{column.removeprefix('val_')}" if column.startswith("val_") else f"train/{column}"


def result(folder: str, name: str) -> str:
    """The name of a metric that a folder of data/ of this kind holds: in `test/` or in `samples/`,
    or in `val/` for the best of a search."""
    if name.startswith("best_val_"):
        return f"val/best_{name.removeprefix('best_val_')}"
    return f"{MEASURED_ON.get(folder, 'test')}/{name.removeprefix('test_')}"


def best(rows: list[dict[str, Any]], step: str) -> dict[str, float]:
    """The lowest validation loss of a training and its epoch; nothing where none was measured."""
    losses = [row for row in rows if row.get("val_loss") is not None]
    if not losses:
        return {}
    row = min(losses, key=lambda row: row["val_loss"])
    return {"val/best_loss": row["val_loss"], f"val/best_{step}": row[step]}


def named(name: str) -> str:
    """`name` as MLflow takes it: what it refuses, such as brackets, becomes _28_, its number."""
    taken = re.sub(r"[^/\w.\- ]", lambda found: f"_{ord(found[0]):x}_", name)
    # It is the path of a file in some stores, and must be the only one to that file.
    if posixpath.normpath(taken) != taken or taken.startswith(("/", "..")):
        taken = taken.replace("/", "_2f_")
    if len(taken) > NAME_LENGTH:
        end = hashlib.md5(name.encode(errors="replace")).hexdigest()[:8]
        taken = f"{taken[: NAME_LENGTH - 9].rstrip('/ .')}_{end}"
    return taken


def in_batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    """`items` in lists of at most `size`: MLflow takes no more at once."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
