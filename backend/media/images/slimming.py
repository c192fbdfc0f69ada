"""Which kind of image this is, and the walk that fits it."""

from typing import Final, NamedTuple

from backend.media.images import gif, jpeg, png, webp
from backend.media.images.errors import NotAnImage
from backend.media.images.orientation import read_orientation


class Slim(NamedTuple):
    """``format`` as Pillow names it; ``orientation`` 1 to 8 as EXIF numbers them."""

    format: str
    data: bytes
    orientation: int


_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_GIF: Final = (b"GIF87a", b"GIF89a")


def slim_image(raw: bytes) -> Slim:
    """The same picture with little else; raises ``NotAnImage`` and ``TooLarge``."""
    if raw.startswith(_JPEG):
        data, exif = jpeg.slim(raw)
        return Slim("JPEG", data, read_orientation(exif))
    if raw.startswith(_PNG):
        data, exif = png.slim(raw)
        return Slim("PNG", data, read_orientation(exif))
    if raw.startswith(_GIF):
        return Slim("GIF", gif.slim(raw), 1)
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        data, exif = webp.slim(raw)
        return Slim("WEBP", data, read_orientation(exif))
    raise NotAnImage("unknown_format")
