from pathlib import Path

import pytest

from generative.core.errors import BadInput
from generative.datasets.readers import texts


def test_a_file_with_any_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes("\ufeffé\r\nb\rc\n".encode())
    assert texts.read(file) == "é\nb\nc\n"


def test_a_folder_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.txt", "a.txt", "c.md"):
        (tmp_path / name).write_text(name)
    assert texts.read(tmp_path) == f"a.txt{texts.GAP}b.txt"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_no_utf8_is_named_by_line_and_column(tmp_path: Path, mark: bytes) -> None:
    file = tmp_path / "latin.txt"
    file.write_bytes(mark + "one\néé".encode() + "ü".encode("latin-1"))
    with pytest.raises(BadInput, match="line 2, column 3: the byte 0xfc is no UTF-8"):
        texts.read(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b" \n\n", "is empty"), (b"GIF8\0a", "byte 4 is zero, so it is no text")],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(content)
    with pytest.raises(BadInput, match=message):
        texts.read(file)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is missing"):
        texts.read(tmp_path / "none.txt")
    with pytest.raises(BadInput, match="holds no .txt file"):
        texts.read(tmp_path)
