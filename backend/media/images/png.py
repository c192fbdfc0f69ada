"""PNG: a signature, then chunks (length, type, data, checksum)."""

from typing import Final

from backend.media.images.errors import NotAnImage, TooLarge
from backend.media.images.limits import MAX_PARTS

_SIGNATURE_BYTES: Final = 8
_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP"})


def slim(raw: bytes) -> tuple[bytes, bytes]:
    """The still picture without metadata, and its EXIF (empty without one)."""
    kept, exif, at = [raw[:_SIGNATURE_BYTES]], b"", _SIGNATURE_BYTES
    for _ in range(MAX_PARTS):
        kind = raw[at + 4 : at + 8]
        end = at + 12 + int.from_bytes(raw[at : at + 4], "big")
        if end > len(raw):
            raise NotAnImage("damaged")
        if kind in _KEPT:
            kept.append(raw[at:end])
        if kind == b"IEND":
            return b"".join(kept), exif
        if kind == b"eXIf":
            exif = exif or raw[at + 8 : end - 4]
        at = end
    raise TooLarge("too_complex")
