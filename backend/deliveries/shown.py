"""What a conversation has on its messenger: the ids of both sides' messages, and what is gone."""

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, false, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.ambient import CLEAR_AFTER, CLEARABLE
from backend.database.tables import deliveries, events
from backend.relais import Relais
from backend.vault import DraftKeyGone
from sealing import SealError

CLEARS = frozenset({"delete", "forget"})
"""Kinds of delivery that take messages away."""
LATE = "late"
"""Purpose of a delete that takes away only what was sent after she had left."""
_NOTHING: dict[str, Any] = {"receipt_sealed": None, "receipt_key": None}


def late_key(delivery_id: str) -> str:
    """Dedupe key of the delete for what was sent too late; names it, too."""
    return f"late:{delivery_id}"


async def last_shown(connection: AsyncConnection, relais: Relais, row: Any) -> list[str]:
    """Ids of the latest bubble before ``row``: what an edit changes."""
    found = (
        await connection.execute(
            select(deliveries.c.id, deliveries.c.receipt_sealed, deliveries.c.receipt_key)
            .where(*_ours(row), deliveries.c.kind.in_(("send", "edit")))
            .order_by(deliveries.c.seq.desc())
            .limit(1)
        )
    ).one_or_none()
    if found is None:
        return []
    return _receipt(relais, "deliveries", found.id, found.receipt_sealed, found.receipt_key)


async def everything_shown(connection: AsyncConnection, relais: Relais, row: Any) -> list[str]:
    """Ids of both sides' messages that ``row`` takes away, as far as the messenger lets it."""
    since = relais.world.now() - CLEARABLE
    ours = select(deliveries.c.id, deliveries.c.receipt_sealed, deliveries.c.receipt_key).where(
        *_ours(row), deliveries.c.created_at > since
    )
    theirs = select(events.c.event_index, events.c.receipt_sealed, events.c.receipt_key).where(
        *_theirs(row), events.c.seen_at > since
    )
    found = [
        one
        for sent in await connection.execute(ours)
        for one in _receipt(relais, "deliveries", sent.id, sent.receipt_sealed, sent.receipt_key)
    ]
    found += [
        one
        for event in await connection.execute(theirs)
        for one in _receipt(
            relais,
            "events",
            event.event_index.hex(),
            event.receipt_sealed,
            event.receipt_key,
        )
    ]
    return list(dict.fromkeys(found))


async def cleared(tx: AsyncConnection, row: Any) -> None:
    """``row`` was carried out: what it took away is known no more.

    Of hers, up to the message that brought it; one that came since may still be in the chat.
    """
    theirs = list(_theirs(row))
    if row.event_index is not None:
        cause = select(events.c.seen_at).where(events.c.event_index == row.event_index)
        theirs.append(events.c.seen_at <= cause.scalar_subquery())
    elif row.purpose != "clear":
        theirs.append(events.c.seen_at <= row.created_at)
    await tx.execute(update(deliveries).where(*_ours(row)).values(_NOTHING))
    await tx.execute(update(events).where(*theirs).values(_NOTHING))


def _ours(row: Any) -> list[ColumnElement[bool]]:
    found = [
        deliveries.c.conversation_id == row.conversation_id,
        deliveries.c.seq < row.seq,
        deliveries.c.receipt_sealed.is_not(None),
    ]
    if row.purpose == "clear":
        found.append(deliveries.c.created_at <= row.created_at - CLEAR_AFTER)
    elif row.purpose == LATE:
        found.append(deliveries.c.id == row.dedupe_key.split(":")[1])
    return found


def _theirs(row: Any) -> list[ColumnElement[bool]]:
    found = [
        events.c.conversation_id == row.conversation_id,
        events.c.receipt_sealed.is_not(None),
    ]
    if row.purpose == "clear":
        found.append(events.c.seen_at <= row.created_at - CLEAR_AFTER)
    elif row.purpose == LATE:
        found.append(false())
    return found


def _receipt(relais: Relais, table: str, row_id: str, sealed: bytes, key: str) -> list[str]:
    try:
        raw = relais.vault.drafts.open(key, sealed, table, "receipt", row_id)
    except (DraftKeyGone, SealError):
        return []
    ids: list[str] = msgspec.json.decode(raw, type=list[str])
    return ids
