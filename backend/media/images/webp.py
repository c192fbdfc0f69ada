"""WebP: RIFF chunks. Its decoder allocates the whole canvas when made, so the size comes first."""

from typing import Final

from backend.media.images.errors import NotAnImage, TooLarge
from backend.media.images.limits import MAX_PARTS, check_pixels

_HEADER: Final = 12
_DROPPED: Final = frozenset({b"EXIF", b"XMP "})


def slim(raw: bytes) -> tuple[bytes, bytes]:
    """The picture without metadata, and its EXIF (empty without one)."""
    check_pixels(*_size(raw))
    end = 8 + int.from_bytes(raw[4:8], "little")
    if end > len(raw):
        raise NotAnImage("damaged")
    kept, exif, at = bytearray(raw[:_HEADER]), b"", _HEADER
    for _ in range(MAX_PARTS):
        if at + 8 > end:
            kept[4:8] = (len(kept) - 8).to_bytes(4, "little")
            return bytes(kept), exif
        kind, length = raw[at : at + 4], int.from_bytes(raw[at + 4 : at + 8], "little")
        after = at + 8 + length + length % 2
        if kind == b"EXIF":
            exif = exif or raw[at + 8 : at + 8 + length]
        if kind not in _DROPPED:
            kept += raw[at : min(after, end)]
        at = after
    raise TooLarge("too_complex")


def _size(raw: bytes) -> tuple[int, int]:
    """Width and height of the canvas, from the first chunk."""
    kind, body = raw[12:16], raw[20:30]
    if len(body) == 10 and kind == b"VP8X":
        return _number(body[4:7]) + 1, _number(body[7:10]) + 1
    if len(body) == 10 and kind == b"VP8 ":
        return _number(body[6:8]) & 0x3FFF, _number(body[8:10]) & 0x3FFF
    if len(body) >= 5 and kind == b"VP8L":
        bits = _number(body[1:5])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise NotAnImage("damaged")


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "little")
