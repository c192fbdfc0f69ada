"""A browser that logged in before says so, and is throttled apart from strangers."""

import hmac

from backend.relais import Relais

COOKIE = "relais_device"
KEEP_SECONDS = 180 * 24 * 3600


def device_cookie(relais: Relais, member_id: str) -> str:
    """The cookie's value: it proves nothing but that this browser logged in once."""
    return f"{member_id}.{relais.vault.keyring.index('token', 'device', member_id).hex()}"


def device_member(relais: Relais, cookie: str | None) -> str | None:
    """The member id that logged in here before, or None for a stranger or a forged cookie."""
    if cookie is None:
        return None
    member_id = cookie.partition(".")[0]
    expected = device_cookie(relais, member_id).encode()
    return member_id if hmac.compare_digest(expected, cookie.encode("utf-8", "replace")) else None
