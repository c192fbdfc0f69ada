"""Image files as phones and editors make them, marked in every place that can hold a word."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any, Final

from PIL import Image, ImageCms, PngImagePlugin

MARK: Final = b"Qzx7-vermillion-heron"
TEXT: Final = MARK.decode()
ORIENTATION: Final = 0x0112
CORNERS: Final = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
"""Top left, top right, bottom left, bottom right."""


def picture(size: tuple[int, int] = (160, 80), mode: str = "RGB") -> Image.Image:
    """Four rectangles, each of its own colour."""
    image = Image.new("RGB", size)
    half = (size[0] // 2, size[1] // 2)
    for place, colour in enumerate(CORNERS):
        image.paste(colour, (place % 2 * half[0], place // 2 * half[1], *size))
        if place % 2 == 0:
            image.paste(colour, (0, place // 2 * half[1], half[0], size[1]))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    """The bytes of a file of that kind."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def exif(orientation: int = 1) -> bytes:
    """EXIF with a place on earth, a camera's owner and a thumbnail's worth of text."""
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    tags[0x010E] = TEXT  # ImageDescription
    tags[0x013B] = TEXT  # Artist
    gps = tags.get_ifd(0x8825)
    gps[1], gps[2] = "N", (4.0, 22.0, 23.25)
    gps[29] = TEXT  # GPSDateStamp
    tags.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + MARK  # UserComment
    return tags.tobytes()


def profile() -> bytes:
    """A colour profile, which may name a device."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


XMP: Final = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + MARK + b"</x:xmpmeta>"


def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def marked_jpeg(orientation: int = 1) -> bytes:
    """A JPEG with everything that a camera, a phone and an editor leave behind."""
    raw = saved(picture(), "JPEG", quality=95, exif=exif(orientation), xmp=XMP, comment=MARK)
    iptc = segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x1a" + MARK)
    return raw[:2] + iptc + segment(0xEB, MARK) + raw[2:] + MARK


def marked_png(orientation: int = 1) -> bytes:
    """A PNG with text, compressed text, EXIF, XMP and bytes behind its end."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", TEXT)
    info.add_text("zipped", TEXT, zip=True)
    info.add_itxt("XML:com.adobe.xmp", XMP.decode())
    raw = saved(picture(), "PNG", pnginfo=info, exif=exif(orientation), icc_profile=profile())
    end = raw.rindex(b"IEND") - 4
    return raw[:end] + chunk(b"maRk", MARK) + raw[end:] + MARK


def marked_webp(orientation: int = 1) -> bytes:
    """A WebP with EXIF, XMP, a profile and bytes behind its end."""
    return (
        saved(
            picture(),
            "WEBP",
            lossless=True,
            exif=exif(orientation),
            xmp=XMP,
            icc_profile=profile(),
        )
        + MARK
    )


def marked_gif(orientation: int = 1) -> bytes:
    """An animated GIF with a comment, an application block and bytes behind its end."""
    frames = [Image.new("RGB", (160, 80), colour) for colour in ("black", "white")]
    raw = saved(
        picture(), "GIF", save_all=True, append_images=frames, comment=MARK, loop=3, duration=50
    )
    application = b"\x21\xff\x0bXMP DataXMP" + bytes((len(MARK),)) + MARK + b"\0"
    table = 13 + (3 << ((raw[10] & 7) + 1) if raw[10] & 0x80 else 0)
    return raw[:table] + application + raw[table:] + MARK


MARKED: Final[dict[str, Callable[[int], bytes]]] = {
    "JPEG": marked_jpeg,
    "PNG": marked_png,
    "WEBP": marked_webp,
    "GIF": marked_gif,
}


def opened(data: bytes) -> Image.Image:
    """The derivative, decoded."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, ...]) -> bool:
    """Whether a pixel is about that colour."""
    pixel = image.convert("RGB").getpixel(at)
    assert isinstance(pixel, tuple)
    return all(abs(one - other) < 24 for one, other in zip(pixel, colour, strict=True))


def corners(image: Image.Image) -> list[int]:
    """Which of :data:`CORNERS` stands top left, top right, bottom left, bottom right."""
    right, bottom = image.width - 8, image.height - 8
    return [
        next(number for number, colour in enumerate(CORNERS) if near(image, at, colour))
        for at in ((8, 8), (right, 8), (8, bottom), (right, bottom))
    ]
