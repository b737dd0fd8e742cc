"""Real files, written by Pillow, of all that people have in a folder of pictures."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from generative.core.errors import BadInput
from generative.datasets.readers import pictures

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture
def colours() -> np.ndarray:
    """Smooth, so that JPEG keeps it well: [24, 40, 3]."""
    down, across = np.mgrid[:24, :40]
    planes = (40 + 5 * across, 230 - 6 * down, 60 + 3 * across + 2 * down)
    return np.stack(planes, axis=-1).astype(np.uint8)


def pixels(file: Path) -> np.ndarray:
    picture = pictures.read(file)
    assert picture.mode == "RGB"
    return np.asarray(picture)


def png_claiming(width: int, height: int) -> bytes:
    """The start of a PNG whose header says that it is so large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("suffix", ["png", "bmp", "tga", "tif", "webp"])
def test_lossless_formats(tmp_path: Path, colours: np.ndarray, suffix: str) -> None:
    file = tmp_path / f"a.{suffix}"
    Image.fromarray(colours).save(file, lossless=True)
    np.testing.assert_array_equal(pixels(file), colours)


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "YCbCr"])
def test_jpeg(tmp_path: Path, colours: np.ndarray, mode: str) -> None:
    file = tmp_path / "a.jpg"
    Image.fromarray(colours).convert(mode).save(file, quality=95)
    assert abs(pixels(file).astype(int) - colours).mean() < 3


def test_grey(tmp_path: Path, colours: np.ndarray) -> None:
    Image.fromarray(colours[..., 0]).save(tmp_path / "a.png")
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), np.repeat(colours[..., :1], 3, -1))


def test_black_and_white(tmp_path: Path) -> None:
    Image.new("1", (5, 4), 1).save(tmp_path / "a.png")
    assert (pixels(tmp_path / "a.png") == 255).all()


def test_palette(tmp_path: Path) -> None:
    picture = Image.new("P", (5, 4), 1)
    picture.putpalette([*RED, *BLUE])
    picture.save(tmp_path / "a.png")
    assert (pixels(tmp_path / "a.png") == BLUE).all()


@pytest.mark.parametrize("suffix", ["png", "tif", "pgm"])
def test_16_bits_are_scaled_and_not_clipped(tmp_path: Path, suffix: str) -> None:
    levels = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    file = tmp_path / f"a.{suffix}"
    Image.fromarray(levels).save(file)
    np.testing.assert_array_equal(pixels(file)[..., 1], np.arange(256).reshape(16, 16))


@pytest.mark.parametrize("value", [-1, 70000])
def test_32_bits_of_unknown_range(tmp_path: Path, value: int) -> None:
    Image.fromarray(np.full((4, 5), value, np.int32)).save(tmp_path / "a.tif")
    with pytest.raises(pictures.Unusable, match="32-bit pixels beyond 0 to 65,535"):
        pictures.read(tmp_path / "a.tif")


def test_floats(tmp_path: Path) -> None:
    Image.fromarray(np.ones((4, 5), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(pictures.Unusable, match="float pixels, of unknown range"):
        pictures.read(tmp_path / "a.tif")


def test_alpha_is_laid_over_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (3, 1))
    for column, alpha in enumerate((0, 51, 255)):
        picture.putpixel((column, 0), (*RED, alpha))
    picture.save(tmp_path / "a.png")
    expected = [[255, 255, 255], [255, 204, 204], [255, 0, 0]]
    assert pixels(tmp_path / "a.png")[0].tolist() == expected


def test_grey_with_alpha(tmp_path: Path) -> None:
    Image.new("LA", (5, 4), (0, 51)).save(tmp_path / "a.png")
    assert (pixels(tmp_path / "a.png") == 204).all()


def test_a_transparent_colour_is_white(tmp_path: Path) -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([*RED, *BLUE])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png", transparency=0)
    assert pixels(tmp_path / "a.png")[0].tolist() == [[255, 255, 255], [0, 0, 255]]


@pytest.mark.parametrize("suffix", ["gif", "png", "webp"])
def test_of_an_animation_the_first_frame(tmp_path: Path, suffix: str) -> None:
    first, *rest = (Image.new("RGB", (8, 6), colour) for colour in (RED, GREEN, BLUE))
    file = tmp_path / f"a.{suffix}"
    first.save(file, save_all=True, append_images=rest, duration=100, lossless=True)
    assert (pixels(file) == RED).all()


def test_exif_orientation(tmp_path: Path, colours: np.ndarray) -> None:
    """Orientation 6: the camera was turned, the picture is to be turned clockwise."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(colours).save(tmp_path / "a.jpg", quality=95, exif=exif)
    upright = np.rot90(colours, k=-1)
    assert pixels(tmp_path / "a.jpg").shape == upright.shape == (40, 24, 3)
    assert abs(pixels(tmp_path / "a.jpg").astype(int) - upright).mean() < 3


def test_orientation_among_the_texts_of_a_png(tmp_path: Path, colours: np.ndarray) -> None:
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", '<rdf:Description tiff:Orientation="6"/>')
    Image.fromarray(colours).save(tmp_path / "a.png", pnginfo=texts)
    np.testing.assert_array_equal(pixels(tmp_path / "a.png"), np.rot90(colours, k=-1))


def test_damaged_pixels(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 9] = bytes(9)
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(pictures.Unusable, match="cannot be read, "):
        pictures.read(tmp_path / "a.png")


def test_truncated(tmp_path: Path, colours: np.ndarray) -> None:
    for name in ("a.jpg", "a.png", "a.gif", "a.tif", "a.webp", "a.bmp"):
        file = tmp_path / name
        noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
        Image.fromarray(noise).save(file)
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        with pytest.raises(pictures.Unusable):
            pictures.read(file)
    with pytest.raises(pictures.Unusable, match="cannot be read, .*truncated"):
        pictures.read(tmp_path / "a.jpg")


@pytest.mark.parametrize("size", [(100_000, 100_000), (10_000, 9_000)])
def test_a_bomb_is_never_decoded(
    tmp_path: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bomb.png").write_bytes(png_claiming(*size))

    def load(self: Image.Image) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(pictures.Unusable, match="too large to be decoded safely, more than 89,478"):
        pictures.read(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    "content",
    [b"", b"just text", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"\x89PNG\r\n\x1a\n"],
)
def test_no_picture(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(pictures.Unusable, match="not a picture of a known format"):
        pictures.read(tmp_path / "a.png")


def test_a_file_that_must_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.png").touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(pictures.Unusable, match="cannot be read: Permission denied"):
        pictures.read(tmp_path / "a.png")


def test_folders_are_read_to_the_bottom_in_order(tmp_path: Path) -> None:
    names = ["b.png", "a/z.png", "a/b/c.png", "C.png"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [file.relative_to(tmp_path).as_posix() for file in pictures.files_of(tmp_path)]
    assert found == ["C.png", "a/b/c.png", "a/z.png", "b.png"]


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="none is missing"):
        pictures.files_of(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="file is a file, not a folder"):
        pictures.files_of(tmp_path / "file")
    (tmp_path / "empty" / "within").mkdir(parents=True)
    with pytest.raises(BadInput, match="empty is empty; put pictures into it"):
        pictures.files_of(tmp_path / "empty")


def test_what_is_skipped_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (8, 6), RED).save(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("just text")
    usable = pictures.read_usable(
        tmp_path, pictures.files_of(tmp_path), lambda picture: picture.size
    )
    assert usable == [(tmp_path / "a.png", (8, 6))]
    assert capsys.readouterr().out.splitlines() == [
        f"skipped {tmp_path}/notes.txt: not a picture of a known format",
        "read 1 picture, skipped 1",
    ]


def test_nothing_usable_lists_the_reasons(tmp_path: Path) -> None:
    for number in range(13):
        (tmp_path / f"{number:02}.txt").touch()
    with pytest.raises(BadInput) as failure:
        pictures.read_usable(tmp_path, pictures.files_of(tmp_path), lambda picture: picture)
    first, *reasons, last = str(failure.value).splitlines()
    assert first == f"no picture in {tmp_path} can be used:"
    assert len(reasons) == 10
    assert reasons[3].strip() == f"{tmp_path}/03.txt: not a picture of a known format"
    assert last.strip() == "and 3 more"
