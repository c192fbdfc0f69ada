"""Taking a turn: open the event, think, write everything in one transaction, answer."""

from dataclasses import replace

import structlog
from msgspec import structs
from sqlalchemy import select

from backend.accounts.links import code_in
from backend.ambient import HOUR
from backend.cases.applying import CaseMoved, apply
from backend.database import DatabaseUnavailable
from backend.database.tables import conversations
from backend.deliveries import Wire
from backend.errors import RelaisError, busy
from backend.media.linking import FileGone
from backend.relais import Relais
from backend.turns.committing import Moved, commit, write_conversation
from backend.turns.files import arrived
from backend.turns.inbound import Inbound, MalformedInbound, Named, as_event, read_inbound
from backend.turns.lanes import Lanes
from backend.turns.quarantine import fail_turn
from backend.turns.responding import link_turn, member_turn
from backend.turns.snapshot import BrokenState, Known, read_conversation, read_conversation_by_id
from backend.turns.thinking import Message, Surroundings, surroundings, think
from conversation import Sent, Silence, command_in, over_first_question
from sealing import Envelope, SealError

log = structlog.get_logger(__name__)
_TRIES = 4


_lanes = Lanes()


async def take_turn(
    relais: Relais,
    channel: str,
    event_id: str,
    envelope: Envelope,
    named: Named | None = None,
) -> Wire | None:
    """Take one sealed event, with the file that it names.

    Returns the conversation's next delivery, leased, or None. Idempotent on (channel, event id):
    a replay returns what is next in its chat.
    Raises ``InboxKeyUnknown`` or ``MalformedInbound`` for the bot's faults,
    ``DatabaseUnavailable`` when nothing could be stored.
    """
    keyring = relais.vault.keyring
    try:
        raw = relais.vault.inbox.open(envelope, channel=channel, event_id=event_id)
    except SealError as error:
        raise MalformedInbound from error
    inbound = read_inbound(raw)
    address_index = keyring.index("address", channel, inbound.address)
    message = Message(
        channel=channel,
        event=as_event(inbound),
        text=inbound.text if inbound.kind == "text" else None,
        locale_hint=inbound.locale_hint,
        event_index=keyring.index("event", channel, event_id),
        message_id=inbound.message_id,
    )
    async with _lanes.hold(address_index):
        for _ in range(_TRIES):
            async with relais.db.read() as connection:
                known = await read_conversation(connection, relais, channel, address_index)
                if named is not None and isinstance(message.event, Sent):
                    file = await arrived(connection, relais, channel, named)
                    message = replace(message, event=as_event(inbound, file))
            try:
                return await _one_try(relais, known, message, inbound)
            except (Moved, CaseMoved, FileGone):
                continue
            except (DatabaseUnavailable, RelaisError):
                raise
            except Exception as error:  # noqa: BLE001  a poison event must not blind the bot
                code = known.state_broken or type(error).__name__
                log.error("turn failed", error=code, conversation=known.id)
                return await fail_turn(relais, known, message, inbound, envelope, code)
    raise busy()


async def _one_try(relais: Relais, known: Known, message: Message, inbound: Inbound) -> Wire | None:
    if known.member_id is not None:
        return await member_turn(relais, known, message, inbound)
    if message.text is not None and code_in(message.text) is not None:
        return await link_turn(relais, known, message, inbound)
    around = await surroundings(relais, known, message.event)
    if known.state_broken:
        around = _around_broken(relais, known, message, around)
    async with relais.db.read() as connection:
        plan = await think(connection, relais, known, message, around)
    return await commit(relais, known, message, inbound, plan)


def _around_broken(
    relais: Relais, known: Known, message: Message, around: Surroundings
) -> Surroundings:
    """Leaving and erasing need no state; everything else waits for a release that can read it."""
    word = command_in(around.edition.interview, message.event)
    over = over_first_question(around.edition.interview, around.state)
    if word == "erase":
        return replace(around, state=over)
    asked_at = known.erase_asked_at
    if asked_at is not None and relais.world.now() - asked_at < HOUR and word is None:
        # The very question that was asked: an older "yes" in the chat answers another one.
        asked = structs.replace(over, mode="confirm_erase", ask=known.erase_ask or "")
        return replace(around, state=asked)
    if word not in {"leave", "stop"}:
        raise BrokenState(known.state_broken)
    return around


async def silence(relais: Relais, conversation_id: str, hours: int) -> None:
    """Tell the engine that nothing came for so long; called by the expiry job."""
    async with relais.db.read() as connection:
        known = await read_conversation_by_id(connection, relais, conversation_id)
        if known.new or known.member_id is not None:
            return
        if known.state_broken:  # another release may read it, until its key is gone
            raise BrokenState(known.state_broken)
        channel = (
            await connection.execute(
                select(conversations.c.channel).where(conversations.c.id == conversation_id)
            )
        ).scalar_one()
    message = Message(channel, Silence(hours=hours), None, None, None)
    around = await surroundings(relais, known, message.event)
    async with relais.db.read() as connection:
        plan = await think(connection, relais, known, message, around)
    try:
        async with relais.db.write() as tx:
            await write_conversation(
                tx, relais, known, message, Inbound(address="-", kind="silence"), plan
            )
            await apply(tx, relais, known.id, plan.changes)
    except (Moved, CaseMoved):  # something happened at this very moment: it is tried again
        return
    relais.wake.all()
