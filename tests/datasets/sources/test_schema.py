import re
from pathlib import Path

import pytest

from generative.core.errors import BadInput
from generative.datasets.sources.schema import SOURCES, read_source

KEYS = sorted(file.stem for file in SOURCES.glob("*.yaml"))


@pytest.mark.parametrize("key", KEYS)
def test_every_input_can_be_had_and_checked(key: str) -> None:
    source = read_source(key)
    names = [pinned.name for pinned in source.files]
    assert names
    assert len(set(names)) == len(names)
    assert not (source.extract and source.convert)
    for pinned in source.files:
        assert pinned.origin or pinned.archive
        # Keras publishes an md5 of VGG19 and no sha256.
        assert pinned.sha256 or (pinned.md5 and pinned.size and key == "vgg19"), pinned.name
        # Without a member it is the whole archive, which must then be the same file.
        if pinned.archive and not pinned.member:
            assert pinned.sha256 == pinned.archive.sha256
        assert pinned.archive or not pinned.member


def test_no_hash_stands_twice() -> None:
    text = "".join(file.read_text() for file in SOURCES.glob("*.yaml"))
    hashes = re.findall(r"\b[0-9a-f]{32,64}\b", text)
    assert len(hashes) == len(set(hashes))


def test_files_of_other_sources(tmp_path: Path) -> None:
    hashes = {"a": "1" * 64, "b": "2" * 64}
    archive = {"project": "some", "filename": "some.whl", "sha256": "3" * 64}
    files = "".join(f"\n- {{name: {n}, sha256: '{h}', member: {n}}}" for n, h in hashes.items())
    (tmp_path / "all.yaml").write_text(f"archive: {archive}\nfiles:{files}\n")
    (tmp_path / "own.yaml").write_text(
        "files:\n- {name: c, size: 3, origin: here}\ninclude: {all: [b]}\n"
    )
    own, included = read_source("own", tmp_path).files
    assert (own.name, own.archive) == ("c", None)
    assert included == read_source("all", tmp_path).files[1]
    assert included.archive and included.archive.filename == "some.whl"
    (tmp_path / "own.yaml").write_text("include: {all: [d]}\n")
    with pytest.raises(BadInput, match="unknown file of all.yaml 'd'; known: a, b"):
        read_source("own", tmp_path)
    (tmp_path / "own.yaml").write_text("include: {al: [b]}\n")
    with pytest.raises(BadInput, match="unknown data set 'al'; did you mean all"):
        read_source("own", tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("files: [{nmae: a}]", "bad.files.0.name is missing"),
        ("files: [{name: a, sha265: b}]", "bad.files.0.sha265: unknown parameter 'sha265'"),
        ("files: [{name: a, sha256: abc}]", "bad.files.0.sha256: received 'abc', must"),
        ("files: [", "is not valid YAML"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(BadInput, match=message):
        read_source("bad", tmp_path)
