"""Samples of a trained model, by hand: the command `generative sample`."""

import math
from pathlib import Path

import numpy as np

from generative import rendering, saving
from generative.errors import BadInput, unknown


def sample(
    model: str,
    count: int,
    seed: int,
    label: int | None,
    out: Path,
    force: bool = False,
    models: Path = Path("data/models"),
) -> None:
    """Write `count` images of a trained model into `out`, a .png of them all or an .npz of arrays.

    model: a key, or a folder that holds a trained model. label: of a conditional model.
    Raises `BadInput` for what the model does not have, and for a file that is there unless `force`.
    """
    if out.suffix not in (".png", ".npz"):
        raise BadInput(f"--out: received {out}, must end in .png or .npz")
    if out.exists() and not force:
        raise BadInput(f"{out} exists; choose another name or add --force")
    folder = Path(model) if Path(model).is_dir() else models / model
    if not folder.is_dir():
        raise nowhere(model, models)
    trained = saving.load(folder)
    if not hasattr(trained, "generate"):
        raise BadInput(f"{model} generates nothing: {saving.read_card(folder).network}")
    controls = {}
    if label is not None:
        if not getattr(trained, "classes", 0):
            raise BadInput(f"--label: {model} knows no labels; it takes --count and --seed")
        controls["labels"] = label
    images = trained.generate(count, seed, **controls)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("wb") as file:
            if out.suffix == ".npz":
                np.savez_compressed(file, images=images)
            else:
                rendering.grid(images, columns=math.ceil(math.sqrt(count))).save(file, "PNG")
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)


def nowhere(model: str, models: Path) -> BadInput:
    """An error for a key that nothing was trained under, with those that generate."""
    cards = {
        file.parent.name: saving.read_card(file.parent) for file in models.glob("*/model.json")
    }
    known = [key for key, card in cards.items() if card.network.startswith("models/")]
    if known:
        return unknown("trained model", model, known)
    return BadInput(f"{models} holds no trained model; run dvc repro train@{model}")
