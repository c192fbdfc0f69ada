"""The second factor: RFC 6238, six digits, thirty seconds, one step of tolerance, no reuse."""

import base64
import hmac
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_BYTES: Final = 20
_STEP_S: Final = 30
_DIGITS: Final = 6
_ISSUER: Final = "Relais"


def matching_step(secret: bytes, code: str, now_ms: int, *, after: int) -> int | None:
    """The time step that ``code`` belongs to, or None.

    Steps up to ``after`` (the last one used) never match, so that a code works once.
    """
    totp = TOTP(secret, _DIGITS, SHA1(), _STEP_S)  # noqa: S303  (what every authenticator does)
    here = now_ms // 1000 // _STEP_S
    given = code.replace(" ", "").encode("utf-8", "replace")
    found = None
    for step in (here - 1, here, here + 1):
        if hmac.compare_digest(totp.generate(step * _STEP_S), given) and step > after:
            found = step
    return found


def secret_text(secret: bytes) -> str:
    """Base32, as it is typed into an authenticator."""
    return base64.b32encode(secret).decode("ascii")


def secret_uri(secret: bytes, name: str) -> str:
    """otpauth:// URI for a QR code."""
    label = quote(f"{_ISSUER}:{name}", safe="")
    query = urlencode({"secret": secret_text(secret), "issuer": _ISSUER})
    return f"otpauth://totp/{label}?{query}"
