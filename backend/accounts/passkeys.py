"""Passkeys (WebAuthn) as a second factor, beside or instead of the authenticator's codes.

The library verifies; here is what is asked of whom. A passkey belongs to the host name of the
public URL, so none can be made for a bare address.
"""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, insert, select, update
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import PublicKeyCredentialDescriptor

from backend.accounts.challenges import Purpose, challenge, redeemed
from backend.ambient import iso
from backend.database.tables import members, passkeys
from backend.errors import RelaisError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais
    from backend.settings import Settings

MOST: Final = 10
_NAME: Final = "Relais"


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


def begin_enrolment(relais: Relais, invitation: str, member_id: str, name: str) -> dict[str, Any]:
    """Options for ``navigator.credentials.create``, for who holds this invitation (its index).

    Raises 409 ``no_passkeys``.
    """
    return _creation(relais, challenge(relais, "enrolled", invitation), member_id, name, [])


async def finish_enrolment(
    tx: AsyncConnection,
    relais: Relais,
    invitation: str,
    member_id: str,
    credential: dict[str, Any],
) -> bool:
    """Keep the invited member's first passkey, if it answers a challenge of this invitation's."""
    return await _keep(tx, relais, "enrolled", invitation, member_id, credential)


async def begin_registration(
    tx: AsyncConnection, relais: Relais, member_id: str, name: str
) -> dict[str, Any]:
    """Options for ``navigator.credentials.create``; raises 409 ``no_passkeys`` or ``too_many``."""
    known = await _of(tx, member_id)
    if len(known) >= MOST:
        raise RelaisError(409, "too_many", "Remove a passkey before you add another.")
    ids = [row.id for row in known]
    return _creation(relais, challenge(relais, "added", member_id), member_id, name, ids)


async def finish_registration(
    tx: AsyncConnection, relais: Relais, member_id: str, credential: dict[str, Any]
) -> bool:
    """Keep the passkey, if it answers a challenge of this member's. False: it does not."""
    return await _keep(tx, relais, "added", member_id, member_id, credential)


def _creation(
    relais: Relais, asked: bytes, member_id: str, name: str, known: list[bytes]
) -> dict[str, Any]:
    host, _ = _party(relais)
    options = webauthn.generate_registration_options(
        rp_id=host,
        rp_name=_NAME,
        user_name=name,
        user_id=member_id.encode(),
        challenge=asked,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    found: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return found


async def _keep(
    tx: AsyncConnection,
    relais: Relais,
    purpose: Purpose,
    owner: str,
    member_id: str,
    credential: dict[str, Any],
) -> bool:
    host, origin = _party(relais)
    asked = await redeemed(tx, relais, purpose, owner, credential)
    if asked is None:
        return False
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=asked,
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


async def begin_login(
    connection: AsyncConnection, relais: Relais, member_id: str | None, name: str, proof: str
) -> dict[str, Any]:
    """Options for ``navigator.credentials.get``; ``member_id``: of whoever proved the words.

    The ids of passkeys are for their member alone. Anybody else who names somebody, or guesses at
    the words, gets one invented id, the same for the same question: it tells neither whether the
    name exists nor how many passkeys it has. Wrong words are not refused, so that nobody learns
    from a refusal which ones are right. Asking for no ids at all would hide as much, but only
    devices that keep a list of their passkeys answer that: those who made one on another device
    would be shut out.
    """
    host, _ = _party(relais)
    ids = [row.id for row in await _of(connection, member_id)] if member_id is not None else []
    options = webauthn.generate_authentication_options(
        rp_id=host,
        challenge=challenge(relais, "shown", member_id or f"nobody:{name}"),
        allow_credentials=[
            PublicKeyCredentialDescriptor(id=one)
            for one in ids or [relais.vault.keyring.index("login", "no such passkey", name, proof)]
        ],
    )
    shown: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return shown


async def answers(
    tx: AsyncConnection, relais: Relais, member_id: str, credential: dict[str, Any]
) -> bool:
    """Whether this is the member's passkey, answering a challenge that was hers, once."""
    party = relying_party(relais.settings)
    asked = await redeemed(tx, relais, "shown", member_id, credential)
    if party is None or asked is None:
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
            expected_challenge=asked,
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
    """Forget one; whether there was one. Raises 409 ``last_factor``.

    Codes on paper are no factor here: they run out. The member's row is locked, so that of two who
    remove the last two at once one is refused.
    """
    try:
        raw = base64url_to_bytes(passkey_id)
    except ValueError:
        return False
    mine = select(members.c.totp_sealed).where(members.c.id == member_id).with_for_update()
    totp = (await tx.execute(mine)).scalar_one()
    if totp is None and [row.id for row in await _of(tx, member_id)] == [raw]:
        raise RelaisError(
            409, "last_factor", "Add another passkey or an authenticator app before this one goes."
        )
    gone = await tx.execute(
        delete(passkeys).where(passkeys.c.id == raw, passkeys.c.member_id == member_id)
    )
    return gone.rowcount == 1
