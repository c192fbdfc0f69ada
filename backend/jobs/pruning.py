"""Rows that have done their duty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, delete, or_, select

from backend.ambient import DAY
from backend.database.tables import (
    event_failures,
    events,
    invitations,
    jobs,
    link_codes,
    quarantine,
    sessions,
    throttles,
)

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from backend.relais import Relais

EVENTS: Final = 90 * DAY
"""How long an event is known, so that its repetition is recognised."""
QUARANTINE: Final = 30 * DAY
"""As long as the inbox key to which such an event is sealed."""
JOBS: Final = 30 * DAY
_AT_ONCE: Final = 500


async def prune(relais: Relais) -> None:
    """Delete, a few hundred rows a transaction, what nobody needs any more."""
    now = relais.world.now()
    for table, over in _rules(now):
        while await _some(relais, table, over) == _AT_ONCE:
            pass


def _rules(now: int) -> list[tuple[Table, ColumnElement[bool]]]:
    yesterday = now - DAY
    return [
        (events, events.c.seen_at < now - EVENTS),
        (event_failures, event_failures.c.seen_at < now - EVENTS),
        (quarantine, quarantine.c.seen_at < now - QUARANTINE),
        (link_codes, or_(link_codes.c.expires_at < yesterday, link_codes.c.used_at < yesterday)),
        (
            invitations,
            or_(invitations.c.expires_at < yesterday, invitations.c.used_at < yesterday),
        ),
        (sessions, sessions.c.expires_at < now),
        (throttles, throttles.c.since < yesterday),
        (jobs, jobs.c.status.in_(("done", "dropped")) & (jobs.c.due_at < now - JOBS)),
    ]


async def _some(relais: Relais, table: Table, over: ColumnElement[bool]) -> int:
    key = next(iter(table.primary_key.columns))
    chosen: Any = select(key).where(over).limit(_AT_ONCE)
    async with relais.db.write() as tx:
        gone = await tx.execute(delete(table).where(key.in_(chosen)))
    return gone.rowcount
