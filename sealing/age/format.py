"""The text of an age v1 header: stanzas and the line of the MAC, read strictly and bounded."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sealing.errors import SealError

MAX_HEADER_BYTES: Final = 128 * 1024
"""A longer header is refused: room for 80 recipients of ours (1,580 bytes each)."""
_VERSION: Final = "age-encryption.org/v1"
_COLUMNS: Final = 64
_MAC_BYTES: Final = 32
_ARGUMENT: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Stanza:
    """The file key wrapped for one recipient; ``args[0]`` is the type."""

    args: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """A header as read. ``signed`` is what the MAC covers; ``size`` bytes stand before the body."""

    stanzas: tuple[Stanza, ...]
    signed: bytes
    mac: bytes
    size: int


def bad_header(what: str) -> SealError:
    """``bad_header``: not an age file, or a damaged one."""
    return SealError("bad_header", f"this is no sound age file: {what}")


def encode_base64(raw: bytes) -> str:
    """Standard alphabet, no padding."""
    return base64.b64encode(raw).decode("ascii").rstrip("=")


def decode_base64(text: str) -> bytes:
    """The inverse; one text only stands for the same bytes. Raises ``bad_header``."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise bad_header("a value is not base64") from None
    if encode_base64(raw) != text:
        raise bad_header("a value is not canonical base64")
    return raw


def encode_stanzas(stanzas: Sequence[Stanza]) -> bytes:
    """Everything from the version to ``---``: what the MAC covers."""
    lines = [_VERSION]
    for stanza in stanzas:
        lines.append(" ".join(("->", *stanza.args)))
        body = encode_base64(stanza.body)
        # A last line shorter than 64 columns ends a stanza, if need be an empty one.
        lines += [body[at : at + _COLUMNS] for at in range(0, len(body) + 1, _COLUMNS)]
    return "\n".join([*lines, "---"]).encode("ascii")


def encode_mac(mac: bytes) -> bytes:
    """What follows ``---`` and ends the header."""
    return f" {encode_base64(mac)}\n".encode("ascii")


def parse_header(data: bytes) -> Header:
    """Read the header that ``data`` begins with; raises ``bad_header``."""
    lines = _Lines(data)
    if lines.take() != _VERSION:
        raise bad_header("its first line is not age-encryption.org/v1")
    stanzas: list[Stanza] = []
    line = lines.take()
    while line.startswith("-> "):
        stanzas.append(Stanza(_arguments(line), _body(lines)))
        line = lines.take()
    if not stanzas or not line.startswith("--- "):
        raise bad_header("a stanza or the end of the header is missing")
    mac = decode_base64(line[4:])
    if len(mac) != _MAC_BYTES:
        raise bad_header("its MAC has another length")
    if len(stanzas) > 1 and any(stanza.args[0] == "scrypt" for stanza in stanzas):
        raise bad_header("a passphrase stands beside another recipient")
    signed = bytes(data[: lines.at - len(line) + 2])
    return Header(tuple(stanzas), signed, mac, lines.at)


def _arguments(line: str) -> tuple[str, ...]:
    args = tuple(line.split(" ")[1:])
    if not all(_ARGUMENT.fullmatch(arg) for arg in args):
        raise bad_header("a stanza's argument is wrong")
    return args


def _body(lines: "_Lines") -> bytes:
    body = ""
    while True:
        line = lines.take()
        if len(line) > _COLUMNS:
            raise bad_header("a line is too long")
        body += line
        if len(line) < _COLUMNS:
            return decode_base64(body)


class _Lines:
    """Lines of ASCII that end with LF; ``at`` is where the next one starts."""

    __slots__ = ("_data", "at")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self) -> str:
        end = self._data.find(b"\n", self.at, MAX_HEADER_BYTES)
        if end < 0:
            raise bad_header("its header ends too early, or is too long")
        line = bytes(self._data[self.at : end])
        self.at = end + 1
        try:
            return line.decode("ascii")
        except UnicodeDecodeError:
            raise bad_header("its header is not ASCII") from None
