"""GIF: a screen, then blocks; data come in sub-blocks of up to 255 bytes, an empty one last."""

from typing import Final

from backend.media.images.errors import NotAnImage, TooLarge
from backend.media.images.limits import MAX_PARTS

_EXTENSION: Final = 0x21
_GRAPHIC_CONTROL: Final = 0xF9
_IMAGE: Final = 0x2C
_TRAILER: Final = b"\x3b"


def slim(raw: bytes) -> bytes:
    """The first frame alone, with what says which of its colours is transparent."""
    try:
        return _first_frame(raw)
    except IndexError:
        raise NotAnImage("damaged") from None


def _first_frame(raw: bytes) -> bytes:
    start = 13 + _colours(raw[10])
    control, at, left = b"", start, [MAX_PARTS]
    while raw[at] == _EXTENSION:
        end = _data_end(raw, at + 2, left)
        if raw[at + 1] == _GRAPHIC_CONTROL:
            control = raw[at:end]
        at = end
    if raw[at] != _IMAGE:
        raise NotAnImage("damaged")
    end = _data_end(raw, at + 11 + _colours(raw[at + 9]), left)
    return b"".join((raw[:start], control, raw[at:end], _TRAILER))


def _colours(flags: int) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _data_end(raw: bytes, at: int, left: list[int]) -> int:
    """Where the sub-blocks from ``at`` end; ``left[0]`` is how many the file may still have."""
    while raw[at]:
        at += raw[at] + 1
        left[0] -= 1
        if left[0] < 0:
            raise TooLarge("too_complex")
    return at + 1
