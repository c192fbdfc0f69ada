"""How long an Ogg Opus file plays, read from its pages (RFC 3533, RFC 7845)."""

from __future__ import annotations

from typing import Final

_PAGE: Final = b"OggS"
_HEADER: Final = 27
_HEAD: Final = b"OpusHead"
_HEAD_LENGTH: Final = 19
_RATE: Final = 48_000
_NO_POSITION: Final = 2**64 - 1


class NotOpus(ValueError):
    """Not one whole Ogg stream of Opus. Says why, without a byte of the file."""


def duration(data: bytes) -> float:
    """Seconds of sound; raises :class:`NotOpus`."""
    at, serial, skip, end = 0, b"", -1, 0
    while at < len(data):
        size, body = _page(data, at)
        flags, position = data[at + 5], int.from_bytes(data[at + 6 : at + 14], "little")
        if skip < 0:
            skip, serial = _opus_head(data[body : at + size]), data[at + 14 : at + 18]
        elif data[at + 14 : at + 18] != serial or flags & 2:
            raise NotOpus("holds more than one stream")
        elif position != _NO_POSITION:
            end = max(end, position)
        at += size
    if skip < 0:
        raise NotOpus("is empty")
    if end <= skip:
        raise NotOpus("holds no sound")
    return (end - skip) / _RATE


def _page(data: bytes, at: int) -> tuple[int, int]:
    """Whole length of the page at ``at``, and where its content begins."""
    if data[at : at + 4] != _PAGE or len(data) < at + _HEADER:
        raise NotOpus("is no Ogg file, or is damaged")
    table = data[at + _HEADER : at + _HEADER + data[at + 26]]
    size = _HEADER + data[at + 26] + sum(table)
    if len(table) < data[at + 26] or len(data) < at + size:
        raise NotOpus("ends too early")
    return size, at + _HEADER + data[at + 26]


def _opus_head(packet: bytes) -> int:
    """Samples to leave out at the beginning."""
    if not packet.startswith(_HEAD) or len(packet) < _HEAD_LENGTH:
        raise NotOpus("is Ogg, but not Opus")
    return int.from_bytes(packet[10:12], "little")
