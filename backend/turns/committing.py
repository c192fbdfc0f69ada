"""The transaction of a turn: claim the event, write everything, lease the first reply."""

from functools import cache
from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.throttle import record_failure
from backend.ambient import HOUR
from backend.cases.applying import apply
from backend.chats import marked
from backend.database.statements import insert_or_ignore
from backend.database.tables import conversations, deliveries, events
from backend.deliveries import LEASE_MS, Outgoing, Prepared, Wire, prepare, silence_queue
from backend.deliveries import insert as insert_deliveries
from backend.deliveries.composing import compose, wire
from backend.relais import Relais
from backend.turns.inbound import Inbound
from backend.turns.snapshot import Known, code_lanes
from backend.turns.thinking import Message, Plan

# Built once: on the hot path, building a statement costs more than running it.
_CLAIM = {name: insert_or_ignore(name, events) for name in ("sqlite", "postgresql")}
_CREATE = {name: insert_or_ignore(name, conversations) for name in ("sqlite", "postgresql")}


@cache
def _advance(columns: frozenset[str]) -> Any:
    """UPDATE of these columns, if nobody wrote since; few sets of columns ever occur."""
    return (
        update(conversations)
        .where(
            conversations.c.id == bindparam("the_id"),
            conversations.c.version == bindparam("the_version"),
        )
        .values(
            version=conversations.c.version + 1,
            last_seq=conversations.c.last_seq + bindparam("count"),
            **{name: bindparam(f"new_{name}") for name in sorted(columns)},
        )
        .returning(conversations.c.last_seq, conversations.c.settled_seq)
    )


class Moved(Exception):
    """Somebody else wrote this conversation meanwhile: think again."""


async def commit(
    relais: Relais, known: Known, message: Message, inbound: Inbound, plan: Plan
) -> Wire | None:
    """Write the plan; a replayed event gets what is next in its chat.

    Raises :class:`Moved` when the conversation was written meanwhile.
    """
    async with relais.db.write() as tx:
        if not await claim(tx, relais, known, message, inbound):
            return await replay(tx, relais, known)
        if plan.wrong_code:
            for lane in code_lanes(relais, known.id):
                await record_failure(tx, lane, relais.world.now())
        head = await write_conversation(tx, relais, known, message, inbound, plan)
        if plan.clears:
            head = (
                head[0],
                await silence_queue(tx, relais, known.id, head[0] - len(plan.outgoing)),
            )
        await apply(tx, relais, known.id, plan.changes)
        leased = await insert_deliveries(
            tx,
            plan.outgoing,
            last_seq=head[0],
            settled_seq=head[1],
            lease_at=relais.world.now(),
        )
        answer = await _wire_of(tx, relais, leased, inbound.address)
    changed = plan.changes
    if changed.alert or changed.erase or changed.asked_again or changed.left is not None:
        relais.wake.all()
    return answer


async def _wire_of(
    tx: AsyncConnection, relais: Relais, leased: Prepared | None, address: str
) -> Wire | None:
    if leased is None:
        return None
    if leased.row["kind"] == "send":
        return wire(leased.row, leased.words, address, [])
    row = (await tx.execute(select(deliveries).where(deliveries.c.id == leased.id))).one()
    return await compose(tx, relais, row)


async def claim(
    tx: AsyncConnection,
    relais: Relais,
    known: Known,
    message: Message,
    inbound: Inbound,
    outcome: str = "done",
) -> bool:
    """Claim the event; False when it was taken before. Silence has no event to claim."""
    if message.event_index is None:
        return True
    day = relais.world.day()
    receipt = None
    if inbound.message_id is not None:
        receipt = relais.vault.drafts.seal(
            day,
            msgspec.json.encode([inbound.message_id]),
            "events",
            "receipt",
            message.event_index.hex(),
        )
    claimed = await tx.execute(
        _CLAIM[relais.db.dialect],
        {
            "event_index": message.event_index,
            "conversation_id": known.id,
            "seen_at": relais.world.now(),
            "outcome": outcome,
            "receipt_sealed": receipt,
            "receipt_key": day if receipt else None,
        },
    )
    return claimed.rowcount == 1


async def replay(tx: AsyncConnection, relais: Relais, known: Known) -> Wire | None:
    """The bot did not hear our answer, or it died: what is next in this chat, newly leased.

    Not only this event's own replies: whatever a bot held when it was killed would otherwise wait
    until its lease runs out.
    """
    now = relais.world.now()
    lowest = select(conversations.c.settled_seq + 1).where(conversations.c.id == known.id)
    leased = (
        await tx.execute(
            update(deliveries)
            .where(
                deliveries.c.conversation_id == known.id,
                deliveries.c.seq == lowest.scalar_subquery(),
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
    return None if leased is None else await compose(tx, relais, leased)


async def write_conversation(
    tx: AsyncConnection,
    relais: Relais,
    known: Known,
    message: Message,
    inbound: Inbound,
    plan: Plan,
) -> tuple[int, int]:
    """Store the conversation's row; returns (last_seq, settled_seq) with the replies allotted."""
    count = len(plan.outgoing)
    if known.new:
        await create_conversation(
            tx, relais, known, message, inbound, {"last_seq": count, **plan.columns}
        )
        return count, 0
    values = {f"new_{name}": value for name, value in plan.columns.items()}
    row = (
        await tx.execute(
            _advance(frozenset(plan.columns)),
            {"the_id": known.id, "the_version": known.version, "count": count, **values},
        )
    ).one_or_none()
    if row is None:
        raise Moved
    return row.last_seq, row.settled_seq


async def create_conversation(
    tx: AsyncConnection,
    relais: Relais,
    known: Known,
    message: Message,
    inbound: Inbound,
    columns: dict[str, Any],
) -> None:
    """Insert a new conversation; raises :class:`Moved` when another turn was first."""
    keyring = relais.vault.keyring
    row = {
        "id": known.id,
        "channel": message.channel,
        "address_index": keyring.index("address", message.channel, inbound.address),
        "address_sealed": keyring.seal(
            "addresses", inbound.address.encode(), "conversations", "address", known.id
        ),
        "version": 1,
        "last_seq": 0,
        "settled_seq": 0,
        "contact": False,
        "expires_at": relais.world.now() + relais.settings.idle_hours * HOUR,
        **columns,
    }
    done = await tx.execute(_CREATE[relais.db.dialect], marked(keyring, conversations, row))
    if done.rowcount != 1:
        raise Moved


async def reply_now(
    tx: AsyncConnection,
    relais: Relais,
    known: Known,
    message: Message,
    inbound: Inbound,
    outgoing: list[Outgoing],
) -> Wire | None:
    """Queue replies to this event and lease the first, in the caller's transaction."""
    prepared = prepare(
        relais,
        relais.content.current,
        message.channel,
        known.id,
        outgoing,
        message.event_index,
    )
    head = (
        await tx.execute(
            update(conversations)
            .where(conversations.c.id == known.id)
            .values(last_seq=conversations.c.last_seq + len(prepared))
            .returning(conversations.c.last_seq, conversations.c.settled_seq)
        )
    ).one()
    leased = await insert_deliveries(
        tx,
        prepared,
        last_seq=head.last_seq,
        settled_seq=head.settled_seq,
        lease_at=relais.world.now(),
    )
    return await _wire_of(tx, relais, leased, inbound.address)
