"""Plain text: one UTF-8 file, or all `.txt` files of a folder in the order of their names."""

from pathlib import Path

from generative.core.errors import BadInput

# Between two files of a folder.
GAP = "\n\n\n"


def read(raw: Path) -> str:
    """The text of `raw`, lines ending in `\\n` alone.

    Raises `BadInput` for a file that is empty, no text or no UTF-8, then with line and column, and
    for a folder without a `.txt` file.
    """
    if not raw.exists():
        raise BadInput(f"{raw} is missing; name a text file or a folder of .txt files")
    files = sorted(raw.glob("*.txt")) if raw.is_dir() else [raw]
    if not files:
        raise BadInput(f"{raw} holds no .txt file; name a text file or a folder of them")
    return GAP.join(_read_file(file) for file in files)


def _read_file(file: Path) -> str:
    content = file.read_bytes()
    zero = content.find(b"\0")
    if zero >= 0:
        raise BadInput(f"{file}: byte {zero:,} is zero, so it is no text; save it as UTF-8 text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The error counts from behind a byte-order mark.
        before = error.object[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        raise BadInput(
            f"{file}: line {line}, column {column}: the byte {error.object[error.start]:#04x} is "
            "no UTF-8; save the file as UTF-8"
        ) from None
    if not text.strip():
        raise BadInput(f"{file} is empty; name a file with text in it")
    return text.replace("\r\n", "\n").replace("\r", "\n")
