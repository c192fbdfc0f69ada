"""What became of a delivery: sent, failed for good, later, or still being worked on."""

from typing import Any, Literal

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.database.tables import conversations, deliveries
from backend.deliveries.composing import Wire
from backend.deliveries.leasing import lease_next
from backend.deliveries.outgoing import Outgoing
from backend.deliveries.queueing import LEASE_MS, OVERTAKEN, enqueue
from backend.deliveries.shown import CLEARS, LATE, cleared, late_key
from backend.errors import RelaisError
from backend.jobs import schedule
from backend.relais import Relais

UNREACHABLE = "alert.unreachable"
"""Kind of the job that acts on an address that is gone; its handler is in ``alerts``."""
HELD = "alert.held"
"""Kind of the job that acts on a messenger which takes no alerts for long; see ``alerts``."""
_UNREACHABLE = frozenset({"blocked", "unknown_address"})
Outcome = Literal["sent", "failed", "later", "renew"]
LOST = RelaisError(409, "lease_lost", "Another attempt has this delivery now. Drop it.")


class Report(msgspec.Struct, frozen=True):
    """A bot's word on a delivery it leased."""

    fence: int
    outcome: Outcome
    message_ids: list[str] = []
    reason: str = ""
    retry_after: float = 0


async def settle(relais: Relais, channel: str, delivery_id: str, report: Report) -> Wire | None:
    """Carry out the report; returns the conversation's next delivery, leased, or None.

    Raises ``lease_lost`` (409) when the fence is not the newest one.
    """
    async with relais.db.write() as tx:
        # The chat before its deliveries, as a turn does that silences them.
        await tx.execute(
            select(conversations.c.id)
            .join(deliveries, deliveries.c.conversation_id == conversations.c.id)
            .where(deliveries.c.id == delivery_id, deliveries.c.channel == channel)
            .with_for_update(of=conversations)
        )
        row = (
            await tx.execute(
                select(
                    deliveries.c.conversation_id,
                    deliveries.c.seq,
                    deliveries.c.status,
                    deliveries.c.fence,
                    deliveries.c.kind,
                    deliveries.c.purpose,
                    deliveries.c.created_at,
                    deliveries.c.event_index,
                    deliveries.c.failure,
                    deliveries.c.dedupe_key,
                )
                .where(deliveries.c.id == delivery_id, deliveries.c.channel == channel)
                .with_for_update()
            )
        ).one_or_none()
        if row is None or row.fence != report.fence:
            raise LOST
        if row.status != "pending":  # the answer to this very report was lost on the way
            return await _settled_before(tx, relais, delivery_id, row, report)
        if report.outcome == "sent" and row.kind in CLEARS:
            await cleared(tx, row)
        if report.outcome == "sent":
            receipt = _receipt(relais, delivery_id, report.message_ids)
            return await _settle_one(tx, relais, delivery_id, row, status="sent", **receipt)
        if report.outcome == "failed" and report.reason in _UNREACHABLE:
            await _unreachable(tx, relais, delivery_id, row, report)
        elif report.outcome == "failed":
            # the messenger will not take this one bubble; the next may still leave
            why = report.reason[:32] or "failed"
            if row.purpose == "alert":
                await _held(tx, relais, delivery_id, row)
            return await _settle_one(tx, relais, delivery_id, row, status="failed", failure=why)
        else:
            await _postponed(tx, relais, delivery_id, report)
            if report.reason == "held":
                await _alerts_held(tx, relais, row)
    return None


async def _settled_before(
    tx: AsyncConnection, relais: Relais, delivery_id: str, row: Any, report: Report
) -> Wire | None:
    if report.outcome == "renew":  # it was on its way when the delivery was settled
        return None
    if report.outcome == "sent" and row.failure == OVERTAKEN:
        return await _sent_too_late(tx, relais, delivery_id, row, report)
    return await lease_next(tx, relais, row.conversation_id, row.seq + 1)


async def _sent_too_late(
    tx: AsyncConnection, relais: Relais, delivery_id: str, row: Any, report: Report
) -> Wire | None:
    """She left while a bot was sending this: its messages are known now, and go too."""
    await tx.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(status="sent", failure=None, **_receipt(relais, delivery_id, report.message_ids))
    )
    channel = (
        await tx.execute(
            select(conversations.c.channel).where(conversations.c.id == row.conversation_id)
        )
    ).scalar_one()
    out = Outgoing(locale="", kind="delete", purpose=LATE, dedupe_key=late_key(delivery_id))
    await enqueue(tx, relais, row.conversation_id, channel, [out])
    head = await tx.execute(
        select(conversations.c.settled_seq).where(conversations.c.id == row.conversation_id)
    )
    relais.wake.all()
    return await lease_next(tx, relais, row.conversation_id, head.scalar_one() + 1)


async def _alerts_held(tx: AsyncConnection, relais: Relais, row: Any) -> None:
    """This chat takes nothing for long: no alert in it is heard, nor one behind this delivery."""
    waiting = await tx.execute(
        select(deliveries.c.id)
        .where(
            deliveries.c.conversation_id == row.conversation_id,
            deliveries.c.status == "pending",
            deliveries.c.purpose == "alert",
        )
        .order_by(deliveries.c.seq)
    )
    for delivery_id in waiting.scalars().all():
        await _held(tx, relais, delivery_id, row)


async def _held(tx: AsyncConnection, relais: Relais, delivery_id: str, row: Any) -> None:
    """Somebody does not hear this alert, now or at all: a job asks the next."""
    await schedule(
        tx,
        relais.world,
        kind=HELD,
        key=f"{HELD}:{delivery_id}",
        subject=row.conversation_id,
        due_at=relais.world.now(),
    )


async def _settle_one(
    tx: AsyncConnection, relais: Relais, delivery_id: str, row: Any, **outcome: Any
) -> Wire | None:
    """Settle this one (its words are wiped), and lease the conversation's next."""
    await tx.execute(
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(body_sealed=None, settled_at=relais.world.now(), **outcome)
    )
    head = (
        await tx.execute(
            update(conversations)
            .where(conversations.c.id == row.conversation_id)
            .values(settled_seq=row.seq)
            .returning(conversations.c.last_seq)
        )
    ).one()
    if head.last_seq == row.seq:
        return None
    return await lease_next(tx, relais, row.conversation_id, row.seq + 1)


def _receipt(relais: Relais, delivery_id: str, message_ids: list[str]) -> dict[str, Any]:
    """The messenger's ids, sealed under today's draft key, for edits and quick exit."""
    if not message_ids:
        return {}
    day = relais.world.day()
    raw = msgspec.json.encode(message_ids)
    sealed = relais.vault.drafts.seal(day, raw, "deliveries", "receipt", delivery_id)
    return {"receipt_sealed": sealed, "receipt_key": day}


async def _unreachable(
    tx: AsyncConnection, relais: Relais, delivery_id: str, row: Any, report: Report
) -> None:
    """The address cannot be reached any more: everything queued for it is settled as failed.

    A job tells the case, or asks the next responder: nothing is dropped in silence.
    """
    await schedule(
        tx,
        relais.world,
        kind=UNREACHABLE,
        key=f"{UNREACHABLE}:{delivery_id}",
        subject=row.conversation_id,
        due_at=relais.world.now(),
    )
    # Locked in a statement of its own: what a turn queues meanwhile is then seen below, too.
    head = await tx.execute(
        select(conversations.c.last_seq)
        .where(conversations.c.id == row.conversation_id)
        .with_for_update()
    )
    last_seq = head.scalar_one()
    await tx.execute(
        update(deliveries)
        .where(
            deliveries.c.conversation_id == row.conversation_id,
            deliveries.c.status == "pending",
        )
        .values(
            status="failed",
            body_sealed=None,
            settled_at=relais.world.now(),
            failure=report.reason[:32] or "failed",
        )
    )
    await tx.execute(
        update(conversations)
        .where(conversations.c.id == row.conversation_id)
        .values(settled_seq=last_seq)
    )


async def _postponed(tx: AsyncConnection, relais: Relais, delivery_id: str, report: Report) -> None:
    now = relais.world.now()
    if report.outcome == "renew":
        values = {"lease_until": now + LEASE_MS}
    else:
        wait = min(max(report.retry_after, 0.2), 3600)
        values = {"lease_until": 0, "not_before": now + int(wait * 1000)}
    await tx.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(**values))
