"""Files of a user's: what is read, and the line that refuses the rest."""

import os
from pathlib import Path

import pytest
from dvc.utils.serialize import load_yaml

from generative.core import inputs
from generative.core.errors import BadInput


@pytest.mark.parametrize(
    "content", ["星\nb", "\ufeff星\nb", "星\r\nb", "星\rb", "\ufeff星\r\nb"], ids=repr
)
def test_a_text_however_it_was_saved(tmp_path: Path, content: str) -> None:
    (tmp_path / "text").write_bytes(content.encode())
    assert inputs.text(tmp_path / "text") == "星\nb"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "星夜".encode("gb18030"),
            r"line 1, column 1: the byte 0x.. is no UTF-8; save the file as",
        ),
        (b"a\nb\xff", r"line 2, column 2: the byte 0xff is no UTF-8"),
        ("星".encode("utf-16"), r"line 1, column 1: the byte 0xff is no UTF-8"),
        (b"a\0b", r"byte 1 is zero, so it is no text"),
    ],
)
def test_what_is_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "text").write_bytes(content)
    with pytest.raises(BadInput, match=f"text: {message}"):
        inputs.text(tmp_path / "text")


def test_what_has_no_end_or_no_content(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "large").write_bytes(b"12345")
    for name, message in {
        "pipe": "is a pipe or a device; name a file",
        "link": "is a pipe or a device; name a file",
        "loop": "cannot be read: Too many levels of symbolic links",
        ".": "is a folder; name a file",
        "none": "is missing; look for it",
        "a\0b": "cannot be read: embedded null byte",
        "n" * 300: "cannot be read: File name too long",
        "large": "has 5 bytes, at most 4 are read of its kind",
    }.items():
        with pytest.raises(BadInput, match=message):
            inputs.content(tmp_path / name, 4, "look for it")


# What YAML 1.1 and 1.2 read differently, and what DVC writes.
SCALARS = {
    "on": "on",
    "off": "off",
    "yes": "yes",
    "true": True,
    "5e-05": 5e-05,
    "1e3": 1000.0,
    "012": 12,
    "0x1F": 31,
    "1:30": "1:30",
    "~": None,
    "": None,
    "'1'": "1",
}


@pytest.mark.parametrize("written", SCALARS)
def test_yaml_is_what_dvc_reads(tmp_path: Path, written: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(f"a: {written}\n")
    assert inputs.yaml(file) == {"a": SCALARS[written]}
    assert load_yaml(str(file)) == {"a": SCALARS[written]}


def test_merge_keys(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: &a {b: 1, c: 2}\nd: {<<: *a, c: 3}\n")
    assert inputs.yaml(file)["d"] == {"b": 1, "c": 3}


BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
# Keys that are merged, of merged keys, ...
MERGES = "m0: &m0 {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9}\n" + "".join(
    f"m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 9)}]}}\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: [", "is not valid YAML"),
        ("a: 1\na: 2\n", "is not valid YAML: .*duplicate key"),
        ("a: 1\n<<<<<<< ours\nb: 2\n", "is not valid YAML"),
        ("a: *b\n", "is not valid YAML: .*undefined alias"),
        ("a: !!python/object:os.system x\n", "is not valid YAML"),
        ("a: 2001-02-30\n", "is not valid YAML: day is out of range"),
        ("a: 2001-02-03\n", "a: received a date; write a text in quotes"),
        ("a: !!binary aGk=\n", "a: received a bytes; write a text in quotes"),
        ("a: {b: [1, .inf]}\n", r"a.b\[1\]: received inf, must be a finite number"),
        ("a: .nan\n", "a: received nan, must be a finite number"),
        (f"a: 1{'0' * 30}\n", "a: received a whole number beyond 2"),
        (f"a: 0x{'f' * 5000}\n", "a: received a whole number beyond 2"),
        ("a: !!bool x\n", "is not valid YAML"),
        ("a: !!int ''\n", "is not valid YAML"),
        (f"a: 1{'0' * 5000}\n", "is not valid YAML: Exceeds the limit"),
        ("a: {1: 2}\n", "a: the key 1 must be text; write it in quotes"),
        (f"a: {{{'x' * 300}: 2}}\n", "the key .* has more than 255 characters"),
        ("true: 2\n", "the key True must be text"),
        ("? [a]\n: 2\n", r"the key .* must be text|is not valid YAML"),
        (f"a: {'[' * 30}{']' * 30}\n", "is nested too deeply; it may have 20 levels"),
        (f"a: {'[' * 100_000}{']' * 100_000}\n", "is nested too deeply; it may have 20 levels"),
        (f"a: [{'1,' * 200_000}]\n", "it has more than 100,000 values"),
        (BOMB, "it has more than 100,000 values"),
        (MERGES, "it has more than 100,000 values"),
        ("a: &b [*b]\n", "&b holds itself"),
        ("a: &b {c: {<<: *b}}\n", "&b holds itself"),
        (f"a: {'[' * 500_000}\n", "is nested too deeply; it may have 20 levels"),
        (f"a: {'x' * 2**21}\n", "has 2,097,156 bytes, at most 1,048,576 are read of its kind"),
    ],
    ids=lambda value: value[:30],
)
def test_what_no_parameter_can_be(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(content)
    with pytest.raises(BadInput, match=message) as refused:
        inputs.yaml(file)
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


def test_one_rule_for_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of hidden files, subfolders, links, suffixes and what is no file."""
    folder, other = tmp_path / "folder", tmp_path / "other"
    for path in (folder / "b" / "c.TXT", folder / "a.txt", folder / "d.md", other / "e.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    for name in (".DS_Store", "._a.txt", ".git/x.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "f.txt").symlink_to(other / "e.txt")
    (folder / "linked").symlink_to(other)
    (folder / "gone.txt").symlink_to(other / "none.txt")
    (folder / "b" / ".hidden").mkdir()
    (folder / "b" / ".hidden" / "g.txt").touch()
    os.mkfifo(folder / "pipe.txt")
    files = inputs.files_in(folder, [".txt"])
    assert [str(file.relative_to(folder)) for file in files] == ["a.txt", "b/c.TXT", "f.txt"]
    assert capsys.readouterr().out.splitlines() == [
        f"left out {folder}/d.md: does not end in .txt",
        f"left out {folder}/gone.txt: a link to nothing, a pipe or a device",
        f"left out {folder}/linked: a link to a folder",
        f"left out {folder}/pipe.txt: a link to nothing, a pipe or a device",
    ]
    for name, message in (("none", "is missing"), ("folder/a.txt", "is a file, not a folder")):
        with pytest.raises(BadInput, match=message):
            inputs.files_in(tmp_path / name)
