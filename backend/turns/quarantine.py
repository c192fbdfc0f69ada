"""Events that cannot be taken: counted, and after the third failure set aside, still sealed.

The person is then told so, kindly, with the offer of a human; the bot goes on with the next event.
"""

from sqlalchemy import delete, select

from backend.database.statements import insert_or_ignore, upsert
from backend.database.tables import conversations, event_failures, quarantine
from backend.deliveries import Outgoing, Wire
from backend.errors import RelaisError
from backend.relais import Relais
from backend.turns.committing import claim, create_conversation, replay, reply_now
from backend.turns.inbound import Inbound
from backend.turns.snapshot import Known
from backend.turns.thinking import Message
from conversation import Part, Reply
from i18n import negotiate
from sealing import Envelope

FAILURES = 3


async def fail_turn(
    relais: Relais,
    known: Known,
    message: Message,
    inbound: Inbound,
    envelope: Envelope,
    error: str,
) -> Wire | None:
    """Count this failure in a transaction of its own; at the third, quarantine and answer.

    Raises ``turn_failed`` (500, try again) before that.
    """
    index = message.event_index or b""
    failures = await _count(relais, index)
    if failures < FAILURES:
        raise RelaisError(
            500, "turn_failed", "This event could not be taken. Keep it and try again.", 1
        )
    async with relais.db.write() as tx:
        if not await claim(tx, relais, known, message, inbound, outcome="quarantined"):
            return await replay(tx, relais, known)
        await tx.execute(
            insert_or_ignore(relais.db.dialect, quarantine),
            {
                "event_index": index,
                "channel": message.channel,
                "key_id": envelope.key_id,
                "envelope": envelope.sealed,
                "error": error[:64],
                "seen_at": relais.world.now(),
                "conversation_id": known.id,
            },
        )
        await tx.execute(delete(event_failures).where(event_failures.c.event_index == index))
        exists = await tx.execute(select(conversations.c.id).where(conversations.c.id == known.id))
        if exists.first() is None:
            await create_conversation(tx, relais, known, message, inbound, {})
        locale = known.state.locale or negotiate(inbound.locale_hint or "", relais.content.locales)
        reply = Reply(parts=(Part("engine/quarantined/text"),))
        return await reply_now(
            tx, relais, known, message, inbound, [Outgoing(locale=locale, reply=reply)]
        )


async def _count(relais: Relais, index: bytes) -> int:
    async with relais.db.write() as tx:
        found = await tx.execute(
            select(event_failures.c.failures).where(event_failures.c.event_index == index)
        )
        failures = (found.scalar_one_or_none() or 0) + 1
        row = {"event_index": index, "failures": failures, "seen_at": relais.world.now()}
        await tx.execute(upsert(relais.db.dialect, event_failures, ["event_index"], row), row)
    return failures
