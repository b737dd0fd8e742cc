"""Plain text: one UTF-8 file, or all `.txt` files of a folder and of the folders in it."""

from pathlib import Path

from generative.core import inputs
from generative.core.errors import BadInput

# Between two files of a folder.
GAP = "\n\n\n"


def read(raw: Path) -> str:
    """The text of `raw`, lines ending in `\\n` alone; prints a line for what is left out.

    Raises `BadInput` for a file that is empty, no text or no UTF-8, then with line and column, and
    for a folder without a `.txt` file.
    """
    if not raw.is_dir():
        return _read_file(raw)
    files = inputs.files_in(raw, [".txt"])
    if not files:
        raise BadInput(f"{raw} holds no .txt file; name a text file or a folder of them")
    return GAP.join(_read_file(file) for file in files)


def _read_file(file: Path) -> str:
    text = inputs.text(file, missing="name a text file or a folder of .txt files")
    if not text.strip():
        raise BadInput(f"{file} is empty; name a file with text in it")
    return text
