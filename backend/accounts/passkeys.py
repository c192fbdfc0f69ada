"""Passkeys (WebAuthn) as a second factor, beside the authenticator's codes.

The library verifies; here is what is asked of whom, and that each challenge serves once. A passkey
belongs to the host name of the public URL, so none can be made for a bare address.
"""

from __future__ import annotations

import ipaddress
import json
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, insert, select, update
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from backend.accounts.names import login_name
from backend.ambient import MINUTE, iso
from backend.database.statements import insert_or_ignore
from backend.database.tables import members, passkey_challenges, passkeys
from backend.errors import RelaisError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais
    from backend.settings import Settings

LIVE_MS: Final = 5 * MINUTE
MOST: Final = 10
_ENDS, _RANDOM, _MARK = 8, 16, 16
"""Bytes of a challenge: when it ends (ms of Unix time), what makes it one, and its mark."""
_NAME: Final = "Relais"
_ADD: Final = "added"
_SHOW: Final = "shown"


def relying_party(settings: Settings) -> tuple[str, str] | None:
    """(host name, origin); None where a passkey cannot be made: an address is no name."""
    parts = urlsplit(settings.public_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        secure = parts.scheme == "https" or host == "localhost"
        return (host, f"{parts.scheme}://{parts.netloc}") if host and secure else None
    return None


def _party(relais: Relais) -> tuple[str, str]:
    party = relying_party(relais.settings)
    if party is None:
        raise RelaisError(
            409, "no_passkeys", "Passkeys need https and a host name in RELAIS_PUBLIC_URL."
        )
    return party


def _challenge(relais: Relais, purpose: str, owner: str) -> bytes:
    """A new challenge to add or to show a passkey of this member's (or nobody's).

    It carries its own end and a keyed mark, so that whoever asks for thousands fills no table: it
    is written down once it was answered.
    """
    ends = relais.world.now() + LIVE_MS
    head = ends.to_bytes(_ENDS, "big") + relais.world.random(_RANDOM)
    return head + _marked(relais, purpose, owner, head)


def _marked(relais: Relais, purpose: str, owner: str, head: bytes) -> bytes:
    """What was asked for by a log-in, which everybody may ask for, adds no passkey."""
    index = relais.vault.keyring.index("token", f"passkey {purpose}", owner, head.hex())
    return index[:_MARK]


async def _redeemed(
    tx: AsyncConnection, relais: Relais, purpose: str, owner: str, credential: dict[str, Any]
) -> bytes | None:
    """The challenge that this answers, if it was given for this and not answered yet."""
    try:
        said = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        challenge = base64url_to_bytes(said["challenge"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    head, mark = challenge[: _ENDS + _RANDOM], challenge[_ENDS + _RANDOM :]
    now, ends = relais.world.now(), int.from_bytes(head[:_ENDS], "big")
    if not compare_digest(mark, _marked(relais, purpose, owner, head)) or ends <= now:
        return None
    await tx.execute(delete(passkey_challenges).where(passkey_challenges.c.expires_at <= now))
    index = relais.vault.keyring.index("token", f"passkey {purpose}", owner, challenge.hex())
    first = await tx.execute(
        insert_or_ignore(relais.db.dialect, passkey_challenges).values(
            challenge_index=index, expires_at=ends
        )
    )
    return challenge if first.rowcount == 1 else None


async def begin_registration(
    tx: AsyncConnection, relais: Relais, member_id: str, name: str
) -> dict[str, Any]:
    """Options for ``navigator.credentials.create``; raises 409 ``no_passkeys`` or ``too_many``."""
    host, _ = _party(relais)
    known = await _of(tx, member_id)
    if len(known) >= MOST:
        raise RelaisError(409, "too_many", "Remove a passkey before you add another.")
    options = webauthn.generate_registration_options(
        rp_id=host,
        rp_name=_NAME,
        user_name=name,
        user_id=member_id.encode(),
        challenge=_challenge(relais, _ADD, member_id),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=row.id) for row in known],
    )
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


async def finish_registration(
    tx: AsyncConnection, relais: Relais, member_id: str, credential: dict[str, Any]
) -> bool:
    """Keep the passkey, if it answers a challenge of this member's. False: it does not."""
    host, origin = _party(relais)
    challenge = await _redeemed(tx, relais, _ADD, member_id, credential)
    if challenge is None:
        return False
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=host,
            expected_origin=origin,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return False
    taken = await tx.execute(select(passkeys.c.id).where(passkeys.c.id == verified.credential_id))
    if taken.first() is not None:
        return False
    await tx.execute(
        insert(passkeys).values(
            id=verified.credential_id,
            member_id=member_id,
            public=verified.credential_public_key,
            uses=verified.sign_count,
            made_at=relais.world.now(),
        )
    )
    return True


async def begin_login(connection: AsyncConnection, relais: Relais, name: str) -> dict[str, Any]:
    """Options for ``navigator.credentials.get``; a name that nobody has gets stable ones, too."""
    host, _ = _party(relais)
    folded = login_name(name)
    found = await connection.execute(
        select(members.c.id).where(
            members.c.login_name == folded,
            members.c.enrolled_at.is_not(None),
            members.c.disabled_at.is_(None),
        )
    )
    member_id = found.scalar_one_or_none()
    ids = [row.id for row in await _of(connection, member_id)] if member_id is not None else []
    owner = member_id or f"nobody:{folded}"
    if not ids:  # who has none is not told from who does not exist
        ids = [relais.vault.keyring.index("login", "no such passkey", folded)]
    options = webauthn.generate_authentication_options(
        rp_id=host,
        challenge=_challenge(relais, _SHOW, owner),
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in ids],
    )
    shown: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return shown


async def answers(
    tx: AsyncConnection, relais: Relais, member_id: str, credential: dict[str, Any]
) -> bool:
    """Whether this is the member's passkey, answering a challenge that was hers, once."""
    party = relying_party(relais.settings)
    challenge = await _redeemed(tx, relais, _SHOW, member_id, credential)
    if party is None or challenge is None:
        return False
    try:
        credential_id = base64url_to_bytes(str(credential["id"]))
    except (KeyError, ValueError):
        return False
    row = (
        await tx.execute(
            select(passkeys).where(
                passkeys.c.id == credential_id, passkeys.c.member_id == member_id
            )
        )
    ).one_or_none()
    if row is None:
        return False
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party[0],
            expected_origin=party[1],
            credential_public_key=row.public,
            credential_current_sign_count=row.uses,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return False
    await tx.execute(
        update(passkeys).where(passkeys.c.id == credential_id).values(uses=verified.new_sign_count)
    )
    return True


async def _of(connection: AsyncConnection, member_id: str) -> list[Any]:
    rows = await connection.execute(
        select(passkeys).where(passkeys.c.member_id == member_id).order_by(passkeys.c.made_at)
    )
    return list(rows.all())


async def listed(connection: AsyncConnection, member_id: str) -> list[tuple[str, str]]:
    """(id, when it was made) of each."""
    rows = await _of(connection, member_id)
    return [(bytes_to_base64url(row.id), iso(row.made_at)) for row in rows]


async def remove(tx: AsyncConnection, member_id: str, passkey_id: str) -> bool:
    """Forget one; whether there was one."""
    try:
        raw = base64url_to_bytes(passkey_id)
    except ValueError:
        return False
    gone = await tx.execute(
        delete(passkeys).where(passkeys.c.id == raw, passkeys.c.member_id == member_id)
    )
    return gone.rowcount == 1
