"""What is told about a referral: who, until when, and the case's code. Never what it is about.

Job handlers, as all notices are: whoever changes a referral writes into nobody's chat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from backend.alerts import facts as known
from backend.alerts import messages
from backend.alerts.audience import Audience
from backend.alerts.people import coordinators, people
from backend.cases.referrals import ASKED, REVOKED, TAKEN_BACK
from backend.database.tables import referrals
from conversation.replies import Name

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.facts import Facts
    from backend.jobs import Job
    from backend.relais import Relais
    from conversation import Reply


@dataclass(frozen=True, slots=True)
class _Told:
    """A referral, its case, and the names of its two sides."""

    row: Any
    facts: Facts
    sender: str
    receiver: str

    def say(self, key: str, *, member: str) -> Reply:
        """One sentence, of the code, a name and the deadline."""
        return messages.say(
            f"referral_{key}",
            code=Name(self.facts.code),
            member=Name(member),
            time=messages.at(self.row.due_at),
        )


async def tell_referral(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """One step of a referral.

    The receiver hears that she is asked, and that it is over before she was done; the other side
    hears every answer, and an end that it did not make itself.
    """
    word = job.key.rpartition(":")[2]
    told = await _read(tx, relais, job.subject)
    if told is None or (word == ASKED and told.row.status != ASKED):
        return
    receiver = {told.row.receiver_id} if word in {ASKED, REVOKED, TAKEN_BACK} else set()
    others = await _other_side(tx, told) if word not in {ASKED, TAKEN_BACK} else set()
    audience = await Audience.of(tx, receiver | others)
    for person in audience.people:
        if person.id in receiver:
            key = "asked" if word == ASKED else "ended"
            reply = told.say(key, member=told.sender)
        else:
            reply = told.say(word, member=told.receiver)
        await audience.tell(
            tx,
            relais,
            person,
            reply,
            f"ref:{told.row.id}:{word}:{person.id}",
            purpose="alert" if word == ASKED else "notice",
        )


async def tell_late(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """Nobody answered in time: the sender and every coordinator hear it once."""
    told = await _read(tx, relais, job.subject)
    if told is None or told.row.status != ASKED:
        return
    hear = await _other_side(tx, told, await coordinators(tx))
    audience = await Audience.of(tx, hear)
    reply = told.say("late", member=told.receiver)
    await audience.tell_all(tx, relais, reply, f"ref:{told.row.id}:late", purpose="alert")


async def _other_side(tx: AsyncConnection, told: _Told, more: Collection[str] = ()) -> set[str]:
    """Who referred it, who has the case now, and ``more``; nobody who must not hear of it.

    Once a case is erased, whom she left out is not known any more: nobody is told.
    """
    if told.facts.status in {"erasing", "erased"}:
        return set()
    has = {told.row.sender_id, told.facts.taker_id or told.row.sender_id, *more}
    return has - {told.row.receiver_id} - await known.barred(tx, told.facts)


async def _read(tx: AsyncConnection, relais: Relais, referral_id: str) -> _Told | None:
    found = await tx.execute(select(referrals).where(referrals.c.id == referral_id))
    row = found.one_or_none()
    facts = None if row is None else await known.read(tx, relais, row.case_id)
    if row is None or facts is None:
        return None
    names = await people(tx, [row.sender_id, row.receiver_id])
    sender, receiver = (
        names[one].name if one in names else "" for one in (row.sender_id, row.receiver_id)
    )
    return _Told(row, facts, sender, receiver)
