"""Texts of a trained model: what `generative sample` does for text models."""

import sys
from pathlib import Path
from typing import Any

from generative.cli.trained import MODELS, folder_of
from generative.core import inputs, saving
from generative.core.errors import BadInput

# Characters that are generated before they are printed.
PIECE = 16
PROMPT_BYTES = 1_000_000
BETWEEN = f"\n{'-' * 72}\n"


def writes(model: str, models: Path = MODELS) -> bool:
    """Whether `model`, a key or a folder, is a trained model of text; `BadInput` if it is none."""
    return "vocabulary" in saving.describe(folder_of(model, models)).arguments


def write(model: str, count: int, prompt: str, models: Path = MODELS, **controls: Any) -> None:
    """Print `prompt` and its continuation by the model: one text as it is written, several one
    after the other.

    prompt: "-" reads it from the standard input, without its last end of line. controls: see
    `TextModel.generate`, which also says what raises `BadInput`.
    """
    if prompt == "-":
        given = sys.stdin.buffer.read(PROMPT_BYTES + 1)
        if len(given) > PROMPT_BYTES:
            raise BadInput(f"--prompt: the standard input has more than {PROMPT_BYTES:,} bytes")
        prompt = inputs.decoded(given, "--prompt: the standard input").removesuffix("\n")
    trained = saving.load(folder_of(model, models))
    pieces = trained.stream(count, prompt=prompt, piece_length=PIECE, **controls)
    if count == 1:
        print(prompt, end="")
        for (piece,) in pieces:
            print(piece, end="", flush=True)
        print()
        return
    texts = ["".join(parts) for parts in zip(*pieces, strict=True)]
    print(BETWEEN.join(prompt + text for text in texts))
