"""Turns of responders: a linked chat gives commands, and never an interview."""

from sqlalchemy import select

from backend import alerts
from backend.accounts.links import LinkResult, try_link
from backend.database.tables import members
from backend.deliveries import Outgoing, Wire
from backend.relais import Relais
from backend.turns.committing import claim, create_conversation, replay, reply_now
from backend.turns.inbound import Inbound
from backend.turns.snapshot import Known
from backend.turns.thinking import Message
from conversation import Part, Reply
from i18n import negotiate

_NO_INTERVIEW = frozenset({"language", "pick_language"})


async def member_turn(
    relais: Relais, known: Known, message: Message, inbound: Inbound
) -> Wire | None:
    """A linked responder wrote: commands and buttons, never an interview."""
    async with relais.db.write() as tx:
        if not await claim(tx, relais, known, message, inbound):
            return await replay(tx, relais, known)
        replies = await alerts.handle_member(
            tx, relais, known.member_id or "", known.member_locale, message.event
        )
        # a command may have changed the language: the answer is in the new one
        locale = (
            await tx.execute(select(members.c.locale).where(members.c.id == known.member_id))
        ).scalar_one()
        outgoing = [Outgoing(locale=locale, reply=reply) for reply in replies]
        answer = await reply_now(tx, relais, known, message, inbound, outgoing)
    relais.directory.invalidate()
    relais.wake.all()
    return answer


async def link_turn(
    relais: Relais, known: Known, message: Message, inbound: Inbound
) -> Wire | None:
    """A one-time code arrived: link this chat to its member, or say that the code is wrong."""
    async with relais.db.write() as tx:
        if not await claim(tx, relais, known, message, inbound):
            return await replay(tx, relais, known)
        if known.new:
            await create_conversation(tx, relais, known, message, inbound, {})
        result = await try_link(
            tx,
            relais,
            known.id,
            message.channel,
            inbound.text or "",
            interviewing=bool(known.state.answers.keys() - _NO_INTERVIEW),
        )
        locale = (result.locale if result is not None else None) or negotiate(
            inbound.locale_hint or "", relais.content.locales
        )
        reply = Reply(parts=(Part(f"responder/{_said(result)}/text"),))
        answer = await reply_now(
            tx, relais, known, message, inbound, [Outgoing(locale=locale, reply=reply)]
        )
    relais.directory.invalidate()
    return answer


def _said(result: LinkResult | None) -> str:
    """The text that answers a code."""
    if result is None or result.outcome == "wrong":
        return "link_wrong"
    if result.outcome == "refused":
        return "link_interview" if result.reason == "interview" else "link_other"
    return "link_wait" if result.outcome == "wait" else "linked"
