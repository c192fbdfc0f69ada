"""Images that are refused, from their header and at little cost."""

import re
import resource
import struct
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Iterator
from typing import Final

import pytest
from PIL import Image

from backend.media.cleaning import NotAnImage, TooLarge, clean_image
from backend.media.images import slim_image
from tests.backend.images import MARKED, chunk, exif, picture, saved, segment


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "TGA", "AVIF", "JPEG2000", "PDF"])
def test_other_formats_are_refused(kind: str) -> None:
    """Only four formats reach a decoder."""
    with pytest.raises(NotAnImage) as refused:
        clean_image(saved(picture(), kind))
    assert refused.value.code == "unknown_format"


@pytest.mark.parametrize("raw", [b"", b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"%PDF-1.7"])
def test_no_picture_is_refused(raw: bytes) -> None:
    """Nothing, a beginning alone, or a document is no image."""
    with pytest.raises(NotAnImage):
        clean_image(raw)


@pytest.mark.parametrize("kind", MARKED)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_picture_cut_short_is_refused(kind: str, part: float) -> None:
    """Half a picture is not shown as a whole one."""
    raw = saved(picture(), kind)
    with pytest.raises(NotAnImage) as refused:
        clean_image(raw[: int(len(raw) * part)])
    assert refused.value.code == "damaged"


def test_too_many_bytes_are_refused() -> None:
    """20 MB is the limit, whatever they are."""
    with pytest.raises(TooLarge) as refused:
        clean_image(saved(picture(), "JPEG") + bytes(20_000_000))
    assert refused.value.code == "too_large"


def png_bomb(width: int, height: int) -> bytes:
    """A few bytes that say they are a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", body), chunk(b"IEND", b""))
    )


def jpeg_bomb() -> bytes:
    """A small JPEG whose frame says 65,500 x 65,500."""
    raw = saved(picture(), "JPEG")
    frame = re.search(rb"\xff\xc0..\x08", raw, re.DOTALL)
    assert frame is not None
    return raw[: frame.end()] + struct.pack(">HH", 65_500, 65_500) + raw[frame.end() + 4 :]


def gif_bomb() -> bytes:
    """A GIF of one screen-filling frame, of a few bytes."""
    raw = bytearray(saved(Image.new("P", (16, 16)), "GIF"))
    frame = raw.index(b"\x2c")
    raw[6:10] = raw[frame + 5 : frame + 9] = struct.pack("<HH", 65_000, 65_000)
    return bytes(raw)


def webp_bomb(kind: str) -> bytes:
    """A WebP whose canvas is as large as the format allows."""
    image = picture(mode="RGBA" if kind == "VP8X" else "RGB")
    options = {"exif": exif()} if kind == "VP8X" else {"lossless": kind == "VP8L"}
    raw = bytearray(saved(image, "WEBP", **options))
    assert raw[12:16].strip() == kind.encode().strip()
    if kind == "VP8X":
        raw[24:30] = b"\xff\x3f\0\xff\x3f\0"
    elif kind == "VP8L":
        raw[21:25] = struct.pack("<I", 0x3FFF | 0x3FFF << 14)
    else:
        raw[26:30] = struct.pack("<HH", 0x3FFF, 0x3FFF)
    return bytes(raw)


BOMBS: Final = {
    "png": png_bomb(60_000, 60_000),
    "png just above": png_bomb(8_000, 5_001),
    "png of Pillow's warning": png_bomb(10_000, 10_000),
    "jpeg": jpeg_bomb(),
    "gif": gif_bomb(),
    "webp": webp_bomb("VP8X"),
    "webp lossless": webp_bomb("VP8L"),
    "webp lossy": webp_bomb("VP8"),
}


@pytest.fixture
def frugal() -> Iterator[None]:
    """Fails when what runs takes long, or Python's memory."""
    tracemalloc.start()
    started = time.perf_counter()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.perf_counter() - started < 5
    assert peak < 5_000_000


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_from_its_header(name: str, frugal: None) -> None:
    """A tiny file that says it is huge is refused before anything is decoded."""
    raw = BOMBS[name]
    assert len(raw) < 5_000
    before = resident()
    with pytest.raises(TooLarge) as refused:
        clean_image(raw)
    assert refused.value.code == "too_many_pixels"
    assert resident() - before < 20_000_000


@pytest.mark.parametrize("kind", ["VP8X", "VP8L", "VP8"])
def test_a_canvas_is_measured_before_its_decoder_is_made(kind: str) -> None:
    """WebP is refused by the walk itself: Pillow's limit is higher, and its decoder allocates."""
    with pytest.raises(TooLarge) as refused:
        slim_image(webp_bomb(kind))
    assert refused.value.code == "too_many_pixels"


def resident() -> int:
    """The most bytes of memory that this process had at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.filterwarnings("default")
def test_a_bomb_is_refused_where_warnings_are_only_printed() -> None:
    """Pillow's warning is no way through, however the process treats warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(TooLarge):
            clean_image(BOMBS["png of Pillow's warning"])


def test_scans_without_end_are_refused(frugal: None) -> None:
    """A progressive JPEG whose scans each go through the whole picture is not decoded."""
    raw = saved(picture((800, 800)), "JPEG", progressive=True)
    assert clean_image(raw).width == 800
    last = raw[raw.rindex(b"\xff\xda") : -2]
    with pytest.raises(TooLarge) as refused:
        clean_image(raw[:-2] + last * 500 + raw[-2:])
    assert refused.value.code == "too_complex"


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xd8" + segment(0xFE, b"") * 200_000,
        b"\x89PNG\r\n\x1a\n" + chunk(b"teXt", b"") * 200_000,
        b"GIF89a\1\0\1\0\0\0\0\x21\xfe" + b"\1x" * 200_000 + b"\0",
        b"RIFF\x12\x6a\x18\0WEBPVP8L\5\0\0\0\x2f\0\0\0\0\0" + b"tiny\0\0\0\0" * 200_000,
    ],
    ids=["jpeg", "png", "gif", "webp"],
)
def test_parts_without_end_are_refused(raw: bytes) -> None:
    """Hundreds of thousands of empty parts are not gone through."""
    started = time.perf_counter()
    with pytest.raises(TooLarge) as refused:
        clean_image(raw)
    assert refused.value.code == "too_complex"
    assert time.perf_counter() - started < 5


def test_hostile_exif_costs_nothing(frugal: None) -> None:
    """Tags that all point at the same bytes are never followed."""
    count = 5_000
    entries = b"".join(struct.pack("<HHLL", tag, 1, 30_000, 8) for tag in range(1000, 1000 + count))
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", count) + entries
    raw = saved(picture(), "JPEG")
    cleaned = clean_image(raw[:2] + segment(0xE1, b"Exif\0\0" + tiff) + raw[2:])
    assert cleaned.width == 160
