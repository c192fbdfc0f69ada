"""Console sessions: a random cookie, idle fifteen minutes, at most twelve hours."""

import base64
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.ambient import HOUR, MINUTE
from backend.database.tables import members, organisations, sessions
from backend.relais import Relais

IDLE_MS: Final = 15 * MINUTE
LONGEST_MS: Final = 12 * HOUR
_TOUCH_MS: Final = 30_000
"""A session's last use is written down at most this often."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The member behind a request. ``in_roster`` is decided elsewhere, with the roster at hand."""

    id: str
    name: str
    organisation: str
    roles: frozenset[str]
    locale: str
    on_call: bool


def session_index(relais: Relais, token: str) -> bytes:
    """The blind index under which a session's token is kept."""
    return relais.vault.keyring.index("token", "session", token)


async def open_session(tx: AsyncConnection, relais: Relais, member_id: str) -> str:
    """A new session's token (43 characters), for the cookie. Only its keyed index is stored."""
    token = base64.urlsafe_b64encode(relais.world.random(32)).rstrip(b"=").decode("ascii")
    now = relais.world.now()
    await tx.execute(delete(sessions).where(sessions.c.expires_at <= now))
    await tx.execute(
        insert(sessions).values(
            token_index=session_index(relais, token),
            member_id=member_id,
            created_at=now,
            seen_at=now,
            expires_at=now + LONGEST_MS,
        )
    )
    return token


async def close_session(tx: AsyncConnection, relais: Relais, token: str) -> None:
    """The token opens nothing any more."""
    await tx.execute(delete(sessions).where(sessions.c.token_index == session_index(relais, token)))


async def find_session(relais: Relais, token: str, *, touch: bool) -> SignedIn | None:
    """Who this token stands for, or None. ``touch``: this counts as use and moves the idle end."""
    now, index = relais.world.now(), session_index(relais, token)
    async with relais.db.read() as connection:
        row = await _row(connection, index, now)
    if row is None:
        return None
    if touch and row.seen_at + _TOUCH_MS <= now:
        async with relais.db.write() as tx:
            await tx.execute(
                update(sessions)
                .where(sessions.c.token_index == index, sessions.c.seen_at < now)
                .values(seen_at=now)
            )
    return SignedIn(
        row.id, row.name, row.organisation, frozenset(row.roles), row.locale, row.on_call
    )


async def _row(connection: AsyncConnection, index: bytes, now: int) -> Row[*tuple[Any, ...]] | None:
    found = await connection.execute(
        select(
            sessions.c.seen_at,
            members.c.id,
            members.c.name,
            members.c.roles,
            members.c.locale,
            members.c.on_call,
            organisations.c.name.label("organisation"),
        )
        .join(members, members.c.id == sessions.c.member_id)
        .join(organisations, organisations.c.id == members.c.organisation_id)
        .where(
            sessions.c.token_index == index,
            sessions.c.expires_at > now,
            sessions.c.seen_at > now - IDLE_MS,
            members.c.disabled_at.is_(None),
            members.c.enrolled_at.is_not(None),
        )
    )
    return found.one_or_none()
