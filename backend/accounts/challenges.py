"""Challenges of passkeys: each is for one purpose of one owner, ends soon, and serves once."""

from __future__ import annotations

import json
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import delete
from webauthn.helpers import base64url_to_bytes

from backend.ambient import MINUTE
from backend.database.statements import insert_or_ignore
from backend.database.tables import passkey_challenges

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais

LIVE_MS: Final = 5 * MINUTE
_ENDS, _RANDOM, _MARK = 8, 16, 16
"""Bytes of a challenge: when it ends (ms of Unix time), what makes it one, and its mark."""
Purpose = Literal["enrolled", "added", "shown"]


def challenge(relais: Relais, purpose: Purpose, owner: str) -> bytes:
    """A new challenge for this purpose; ``owner``: a member's id, or an invitation's index.

    It carries its own end and a keyed mark, so that whoever asks for thousands fills no table: it
    is written down once it was answered.
    """
    ends = relais.world.now() + LIVE_MS
    head = ends.to_bytes(_ENDS, "big") + relais.world.random(_RANDOM)
    return head + _marked(relais, purpose, owner, head)


def _marked(relais: Relais, purpose: Purpose, owner: str, head: bytes) -> bytes:
    """What was asked for by a log-in, which everybody may ask for, adds no passkey."""
    index = relais.vault.keyring.index("token", f"passkey {purpose}", owner, head.hex())
    return index[:_MARK]


async def redeemed(
    tx: AsyncConnection, relais: Relais, purpose: Purpose, owner: str, credential: dict[str, Any]
) -> bytes | None:
    """The challenge that this answers, if it was given for this and not answered yet."""
    try:
        said = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))
        answered = base64url_to_bytes(said["challenge"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    head, mark = answered[: _ENDS + _RANDOM], answered[_ENDS + _RANDOM :]
    now, ends = relais.world.now(), int.from_bytes(head[:_ENDS], "big")
    if not compare_digest(mark, _marked(relais, purpose, owner, head)) or ends <= now:
        return None
    await tx.execute(delete(passkey_challenges).where(passkey_challenges.c.expires_at <= now))
    index = relais.vault.keyring.index("token", f"passkey {purpose}", owner, answered.hex())
    first = await tx.execute(
        insert_or_ignore(relais.db.dialect, passkey_challenges).values(
            challenge_index=index, expires_at=ends
        )
    )
    return answered if first.rowcount == 1 else None
