"""Leases: only the lowest unsettled delivery of a conversation is ever handed out."""

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.tables import conversations, deliveries
from backend.deliveries.composing import Wire, compose
from backend.deliveries.queueing import LEASE_MS
from backend.relais import Relais

AT_ONCE = 20
_EXPIRED = {"status": "expired", "body_sealed": None, "failure": "unreadable"}


async def lease_due(relais: Relais, channel: str) -> list[Wire]:
    """Lease what is due on this channel, at most one delivery a conversation.

    Looks without writing first, so that an idle poll costs no transaction.
    """
    due = (
        select(deliveries.c.id)
        .join(
            conversations,
            (conversations.c.id == deliveries.c.conversation_id)
            & (deliveries.c.seq == conversations.c.settled_seq + 1),
        )
        .where(
            deliveries.c.channel == channel,
            deliveries.c.status == "pending",
            deliveries.c.not_before <= relais.world.now(),
            deliveries.c.lease_until <= relais.world.now(),
        )
        .order_by(deliveries.c.not_before)
        .limit(AT_ONCE)
    )
    async with relais.db.read() as connection:
        if (await connection.execute(due.limit(1))).first() is None:
            return []
    async with relais.db.write() as tx:
        ids = list(
            (await tx.execute(due.with_for_update(skip_locked=True, of=deliveries))).scalars()
        )
        wires = [await _lease(tx, relais, deliveries.c.id == one) for one in ids]
    return [one for one in wires if one is not None]


async def lease_next(
    tx: AsyncConnection, relais: Relais, conversation_id: str, seq: int
) -> Wire | None:
    """Lease this conversation's delivery number ``seq`` if it is there and due."""
    return await _lease(
        tx,
        relais,
        (deliveries.c.conversation_id == conversation_id) & (deliveries.c.seq == seq),
    )


async def _lease(tx: AsyncConnection, relais: Relais, which: object) -> Wire | None:
    now = relais.world.now()
    row: Row[tuple[object, ...]] | None = (
        await tx.execute(
            update(deliveries)
            .where(
                which,  # type: ignore[arg-type]
                deliveries.c.status == "pending",
                deliveries.c.not_before <= now,
            )
            .values(
                fence=deliveries.c.fence + 1,
                lease_until=now + LEASE_MS,
                attempts=deliveries.c.attempts + 1,
            )
            .returning(*deliveries.c)
        )
    ).one_or_none()
    if row is None:
        return None
    wire = await compose(tx, relais, row)
    if wire is None:
        # Its key is gone, or it is damaged: settle it, so that later ones can leave.
        await tx.execute(update(deliveries).where(deliveries.c.id == row.id).values(**_EXPIRED))
        await tx.execute(
            update(conversations)
            .where(
                conversations.c.id == row.conversation_id,
                conversations.c.settled_seq == row.seq - 1,
            )
            .values(settled_seq=row.seq)
        )
    return wire
