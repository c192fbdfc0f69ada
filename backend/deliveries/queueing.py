"""Putting replies into the outbox: one row a bubble, with a gapless number per conversation."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import insert as sql_insert
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.content import Edition
from backend.database.tables import conversations, deliveries
from backend.deliveries.attaching import attached
from backend.deliveries.composing import LEASE_SECONDS, Words, bubbles_of, pressed_of
from backend.deliveries.outgoing import Body, Outgoing, dump_body
from backend.relais import Relais

LEASE_MS = LEASE_SECONDS * 1000
OVERTAKEN = "overtaken"
"""Failure of a delivery that was queued when she left or erased."""
_INSERT = sql_insert(deliveries)


class Prepared(msgspec.Struct, frozen=True):
    """A delivery that is sealed already and only lacks its number."""

    id: str
    row: dict[str, Any]
    words: Words


def prepare(
    relais: Relais,
    edition: Edition,
    channel: str,
    conversation_id: str,
    outgoing: Sequence[Outgoing],
    event_index: bytes | None = None,
) -> list[Prepared]:
    """Render into bubbles, and seal a body for each. Touches no database."""
    now, day = relais.world.now(), relais.world.day()
    prepared = []
    for out in outgoing:
        bubbles = bubbles_of(relais, edition, channel, out.reply, out.locale) or (None,)
        for bubble, shown in enumerate(bubbles):
            pressed = out.pressed if bubble == 0 else None
            body = Body(out.locale, edition.hash, out.reply, bubble, pressed)
            delivery_id = relais.world.new_id()
            sealed = relais.vault.drafts.seal(
                day, dump_body(body), "deliveries", "body", delivery_id
            )
            row = {
                "id": delivery_id,
                "conversation_id": conversation_id,
                "channel": channel,
                # only the first bubble of an edit can replace the one on the screen
                "kind": out.kind if bubble == 0 or out.kind != "edit" else "send",
                "purpose": out.purpose,
                "body_sealed": sealed,
                "body_key": day,
                "status": "pending",
                "fence": 0,
                "lease_until": 0,
                "not_before": max(out.not_before, now) if out.not_before else now,
                "attempts": 0,
                "event_index": event_index,
                "dedupe_key": f"{out.dedupe_key}:{bubble}" if out.dedupe_key else None,
                "created_at": now,
            }
            last = bubble == len(bubbles) - 1
            beside = attached(edition, out.reply, out.locale) if last else ()
            words = Words(shown, out.locale, beside, pressed_of(edition, pressed))
            prepared.append(Prepared(delivery_id, row, words))
    return prepared


async def insert(
    tx: AsyncConnection,
    prepared: Sequence[Prepared],
    *,
    last_seq: int,
    settled_seq: int,
    lease_at: int | None,
) -> Prepared | None:
    """Insert rows whose numbers end at ``last_seq`` (already allotted in this transaction).

    With ``lease_at`` (now, ms) and nothing older unsettled, the first row is leased at once and
    returned.
    """
    if not prepared:
        return None
    first = last_seq - len(prepared) + 1
    for number, one in enumerate(prepared, start=first):
        one.row["seq"] = number
    lead = prepared[0]
    leased = lease_at is not None and settled_seq == first - 1
    if leased and lease_at is not None:
        lead.row["fence"] = 1
        lead.row["lease_until"] = lease_at + LEASE_MS
        lead.row["attempts"] = 1
    rows = [one.row for one in prepared]
    await tx.execute(_INSERT, rows if len(rows) > 1 else rows[0])
    return lead if leased else None


async def silence_queue(
    tx: AsyncConnection, relais: Relais, conversation_id: str, last_seq: int
) -> int:
    """Nothing that was queued up to ``last_seq`` leaves any more; returns the new settled number.

    One that a bot holds just now may be on its way all the same: see ``settling`` for what becomes
    of it.
    """
    await tx.execute(
        update(deliveries)
        .where(
            deliveries.c.conversation_id == conversation_id,
            deliveries.c.seq <= last_seq,
            deliveries.c.status == "pending",
        )
        .values(
            status="expired",
            body_sealed=None,
            settled_at=relais.world.now(),
            failure=OVERTAKEN,
        )
    )
    await tx.execute(
        update(conversations)
        .where(conversations.c.id == conversation_id)
        .values(settled_seq=last_seq)
    )
    return last_seq


async def enqueue(
    tx: AsyncConnection,
    relais: Relais,
    conversation_id: str,
    channel: str,
    outgoing: Sequence[Outgoing],
) -> None:
    """Queue for any conversation, inside the caller's transaction.

    What carries a ``dedupe_key`` that was queued before is left out. Call ``relais.wake.all()``
    after the commit.
    """
    prepared = prepare(relais, relais.content.current, channel, conversation_id, outgoing)
    head = (
        await tx.execute(
            select(conversations.c.last_seq)
            .where(conversations.c.id == conversation_id)
            .with_for_update()
        )
    ).one_or_none()
    if head is None:
        return
    keys = [one.row["dedupe_key"] for one in prepared if one.row["dedupe_key"]]
    if keys:
        found = await tx.execute(
            select(deliveries.c.dedupe_key).where(deliveries.c.dedupe_key.in_(keys))
        )
        known = set(found.scalars())
        prepared = [one for one in prepared if one.row["dedupe_key"] not in known]
    if not prepared:
        return
    last_seq = head.last_seq + len(prepared)
    await tx.execute(
        update(conversations).where(conversations.c.id == conversation_id).values(last_seq=last_seq)
    )
    await insert(tx, prepared, last_seq=last_seq, settled_seq=-1, lease_at=None)
