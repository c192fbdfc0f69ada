"""Conversations whose time is over: the engine hears the silence; forgotten ones go for good.

Those that ended without her leave to be written to lose their address; a case keeps her code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy import select, update

from backend.ambient import HOUR
from backend.cases.letting_go import let_go
from backend.database import DatabaseUnavailable
from backend.database.tables import KEYRING, conversations
from backend.jobs.failures import code_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais

_AT_ONCE: Final = 50
_AGAIN: Final = HOUR
_ENDED: Final = conversations.c.state_key == KEYRING
"""Its state was reduced to what coming back needs."""
_log: Final[Any] = structlog.get_logger("relais.jobs")


async def expire_conversations(relais: Relais) -> None:
    """Deal with every conversation that is past its time. One that fails is left for an hour."""
    while True:
        async with relais.db.read() as connection:
            rows = (await connection.execute(_due(relais.world.now()))).all()
        for row in rows:
            await _expire(relais, row)
        if len(rows) < _AT_ONCE:
            return


def _due(now: int) -> Any:
    return (
        select(
            conversations.c.id,
            conversations.c.expires_at,
            conversations.c.case_id,
            conversations.c.state_sealed.is_(None).label("forgotten"),
            _ENDED.label("ended"),
        )
        .where(conversations.c.expires_at <= now, conversations.c.member_id.is_(None))
        .order_by(conversations.c.expires_at, conversations.c.id)
        .limit(_AT_ONCE)
    )


async def _expire(relais: Relais, row: Any) -> None:
    from backend.turns import silence  # noqa: PLC0415  (turns schedule jobs; jobs end turns)

    now = relais.world.now()
    try:
        if row.forgotten and row.case_id is None:
            async with relais.db.write() as tx:
                await _destroy(tx, relais, row.id, now)
        elif row.ended:
            async with relais.db.write() as tx:
                await _withdraw(tx, relais, row.id, now)
        else:
            over = max(0, now - row.expires_at) // HOUR
            await silence(relais, row.id, relais.settings.idle_hours + over)
    except DatabaseUnavailable:
        raise
    except Exception as error:  # noqa: BLE001  (one of them must not keep the others from expiring)
        _log.error("expiry_failed", conversation=row.id, error=code_of(error))
    await _postpone(relais, row, now)


async def _postpone(relais: Relais, row: Any, now: int) -> None:
    """Whatever still has the same date comes again in an hour, behind the others."""
    async with relais.db.write() as tx:
        await tx.execute(
            update(conversations)
            .where(conversations.c.id == row.id, conversations.c.expires_at == row.expires_at)
            .values(expires_at=now + _AGAIN)
        )


async def _withdraw(tx: AsyncConnection, relais: Relais, conversation_id: str, now: int) -> None:
    """Destroy the address, once the last message left; without a case, the whole row."""
    row = (
        await tx.execute(
            select(conversations)
            .where(
                conversations.c.id == conversation_id,
                conversations.c.expires_at <= now,
                conversations.c.contact.is_(False),
                conversations.c.member_id.is_(None),
                _ENDED,
            )
            .with_for_update()
        )
    ).one_or_none()
    if row is None or row.settled_seq < row.last_seq:
        return
    await let_go(tx, relais, row)


async def _destroy(tx: AsyncConnection, relais: Relais, conversation_id: str, now: int) -> None:
    """Nothing of it is to be kept: address, index and outbox go, once its last message left."""
    row = (
        await tx.execute(
            select(conversations)
            .where(
                conversations.c.id == conversation_id,
                conversations.c.expires_at <= now,
                conversations.c.state_sealed.is_(None),
                conversations.c.case_id.is_(None),
                conversations.c.member_id.is_(None),
            )
            .with_for_update()
        )
    ).one_or_none()
    if row is None or row.settled_seq < row.last_seq:
        return
    await let_go(tx, relais, row)
