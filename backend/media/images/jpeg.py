"""JPEG (ITU T.81): segments behind markers, scans of entropy-coded data between them."""

import re
from typing import Final

from backend.media.images.errors import NotAnImage, TooLarge
from backend.media.images.limits import MAX_PARTS

MAX_SCANS: Final = 64
"""Each scan goes through the whole picture: 2,000 empty ones in 200 KB cost a minute and more.
Encoders make ten to twenty."""
_START: Final = b"\xff\xd8"
_END: Final = 0xD9
_SCAN: Final = 0xDA
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_APPLICATION: Final = range(0xE0, 0xF0)
_COMMENT: Final = 0xFE
_EXIF: Final = (0xE1, b"Exif\0\0")
# What changes colours: JFIF, Adobe's transform, and the colour profile.
_KEPT: Final = ((0xE0, b"JFIF\0"), (0xEE, b"Adobe"), (0xE2, b"ICC_PROFILE\0"))
_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")
_SCAN_ENDS: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")


def slim(raw: bytes) -> tuple[bytes, bytes]:
    """The picture up to its end without metadata, and its EXIF (empty without one)."""
    kept, exif, scans, at = [_START], b"", 0, 2
    for _ in range(MAX_PARTS):
        found = _MARKER.search(raw, at)
        if found is None:
            raise NotAnImage("damaged")
        at, marker = found.start(), raw[found.start() + 1]
        if marker == _END:
            return b"".join((*kept, b"\xff\xd9")), exif
        if marker in _ALONE:
            at += 2
            continue
        end = _segment_end(raw, at)
        if marker == _SCAN:
            scans += 1
            end = _scan_end(raw, end)
        if scans > MAX_SCANS:
            break
        if _is(raw, at, _EXIF):
            exif = exif or raw[at + 10 : end]
        if _draws(raw, at):
            kept.append(raw[at:end])
        at = end
    raise TooLarge("too_complex")


def _segment_end(raw: bytes, at: int) -> int:
    length = int.from_bytes(raw[at + 2 : at + 4], "big")
    if length < 2 or at + 2 + length > len(raw):
        raise NotAnImage("damaged")
    return at + 2 + length


def _scan_end(raw: bytes, at: int) -> int:
    found = _SCAN_ENDS.search(raw, at)
    if found is None:
        raise NotAnImage("damaged")
    return found.start()


def _is(raw: bytes, at: int, kind: tuple[int, bytes]) -> bool:
    marker, name = kind
    return raw[at + 1] == marker and raw.startswith(name, at + 4)


def _draws(raw: bytes, at: int) -> bool:
    marker = raw[at + 1]
    if marker in _APPLICATION:
        return any(_is(raw, at, kind) for kind in _KEPT)
    return marker != _COMMENT
