"""age's optional ASCII armor, for an export that must pass as text: strict, one way to write it."""

import base64
import binascii
from typing import Final

from sealing.errors import SealError

BEGIN: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"
_END: Final = b"-----END AGE ENCRYPTED FILE-----"
_COLUMNS: Final = 64
_SPACE: Final = b" \t\r\n"


def enarmor(sealed: bytes) -> bytes:
    """A sealed file as lines of ASCII."""
    text = base64.b64encode(sealed)
    lines = [text[at : at + _COLUMNS] for at in range(0, len(text), _COLUMNS)]
    return b"\n".join([BEGIN, *lines, _END, b""])


def dearmor(text: bytes) -> bytes:
    """The inverse; LF or CRLF, white space around. Raises :class:`SealError` ``bad_armor``."""
    lines = text.strip(_SPACE).replace(b"\r\n", b"\n").split(b"\n")
    if len(lines) < 2 or lines[0] != BEGIN or lines[-1] != _END:
        raise _bad_armor("its first or last line is wrong")
    body = lines[1:-1]
    full, last = body[:-1], body[-1:]
    if any(len(line) != _COLUMNS for line in full) or any(
        not 0 < len(line) <= _COLUMNS for line in last
    ):
        raise _bad_armor("a line has another length")
    joined = b"".join(body)
    try:
        raw = base64.b64decode(joined, validate=True)
    except (binascii.Error, ValueError):
        raise _bad_armor("it is not base64") from None
    if base64.b64encode(raw) != joined:
        raise _bad_armor("it is not canonical base64")
    return raw


def _bad_armor(what: str) -> SealError:
    return SealError("bad_armor", f"this armored file cannot be read: {what}")
