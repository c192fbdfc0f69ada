"""Messages that still wait: under today's draft key, or expired after a week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from backend.ambient import DAY
from backend.database.tables import conversations, deliveries
from backend.vault import DraftKeyGone
from sealing import SealError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais

LONGEST: Final = 7 * DAY
_AT_ONCE: Final = 50


async def reseal_deliveries(relais: Relais) -> None:
    """Every pending body: newly sealed, or expired when it is too old or its key is gone."""
    today = relais.world.day()
    while True:
        async with relais.db.write() as tx:
            query = (
                select(deliveries)
                .where(
                    deliveries.c.status == "pending",
                    (deliveries.c.body_key < today)
                    | (deliveries.c.created_at < relais.world.now() - LONGEST),
                )
                .order_by(deliveries.c.conversation_id, deliveries.c.seq)
                .limit(_AT_ONCE)
                .with_for_update()
            )
            rows = (await tx.execute(query)).all()
            for row in rows:
                await _reseal(tx, relais, row, today)
            for one in sorted({row.conversation_id for row in rows}):
                await _step_over_expired(tx, one)
        if not rows:
            return


async def _reseal(tx: AsyncConnection, relais: Relais, row: Any, today: str) -> None:
    this = update(deliveries).where(deliveries.c.id == row.id)
    code = "too_old"
    if row.created_at >= relais.world.now() - LONGEST:
        place = ("deliveries", "body", row.id)
        try:
            body = relais.vault.drafts.open(row.body_key, row.body_sealed, *place)
        except (DraftKeyGone, SealError):
            code = "key_gone"
        else:
            sealed = relais.vault.drafts.seal(today, body, *place)
            await tx.execute(this.values(body_sealed=sealed, body_key=today))
            return
    await tx.execute(
        this.values(status="expired", body_sealed=None, failure=code, settled_at=relais.world.now())
    )


async def _step_over_expired(tx: AsyncConnection, conversation_id: str) -> None:
    """The lowest delivery that still waits is the next to be leased, whatever expired before."""
    # Locked first, in a statement of its own, so that what is queued meanwhile is seen.
    head = await tx.execute(
        select(conversations.c.last_seq)
        .where(conversations.c.id == conversation_id)
        .with_for_update()
    )
    last_seq = head.scalar_one()
    waiting = await tx.execute(
        select(func.min(deliveries.c.seq)).where(
            deliveries.c.conversation_id == conversation_id, deliveries.c.status == "pending"
        )
    )
    lowest = waiting.scalar_one()
    await tx.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(settled_seq=last_seq if lowest is None else lowest - 1)
    )
