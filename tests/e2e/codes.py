"""One-time codes as an authenticator shows them."""

import base64
import hmac
import time


def totp(secret: str, ahead: int = 0) -> str:
    """RFC 6238, SHA-1, 6 digits, ``ahead`` steps of 30 seconds from now."""
    key = base64.b32decode(secret.replace(" ", "").upper())
    step = int(time.time()) // 30 + ahead
    digest = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
