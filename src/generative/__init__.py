"""A family of generative models: trained, measured, drawn and compared by one command."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

# TensorFlow reads this once, when it is imported: warnings and errors only.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def load(folder: str | Path) -> "keras.Model":
    """Give back the trained model in `folder` (`data/models/<key>`), ready to `generate`.

    Raises `BadInput` if the folder is no trained model or was written by another version.
    """
    from generative import saving

    return saving.load(Path(folder))
