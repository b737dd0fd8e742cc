"""Where a trained model is that a command names."""

from pathlib import Path

from generative.core.errors import BadInput, unknown

MODELS = Path("data/models")


def folder_of(model: str, models: Path) -> Path:
    """Where a trained model is, by its key or its folder.

    Raises `BadInput` for a key that nothing was trained under, with the nearest that there is.
    """
    folder = Path(model) if Path(model).is_dir() else models / model
    if folder.is_dir():
        return folder
    known = [file.parent.name for file in models.glob("*/model.json")]
    if known:
        raise unknown("trained model", model, known)
    raise BadInput(f"{models} holds no trained model; run dvc repro train@{model}")
