"""What is told after the fact: who has a case, that nothing was noted, that it is back or gone.

All are job handlers: a turn that changes a case never writes into other members' chats itself,
since two such turns would wait for each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from backend.alerts import facts as known
from backend.alerts import messages, timers, timing
from backend.alerts.audience import Audience
from backend.alerts.history import note
from backend.alerts.people import coordinators, people
from backend.alerts.taking import return_to_queue
from backend.database.tables import alerts, cases
from conversation.replies import Name

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.facts import Facts
    from backend.ambient import World
    from backend.jobs import Job
    from backend.relais import Relais
    from conversation.replies import Param


async def tell_taken(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """Everyone else who was alerted in the round hears who has the case."""
    (round_,) = timers.numbers(job)
    facts = await known.read(tx, relais, job.subject)
    if facts is None or facts.round != round_ or facts.taker_id is None:
        return
    taker = (await people(tx, [facts.taker_id])).get(facts.taker_id)
    others = set(await known.alerted(tx, facts)) | await known.renewed(tx, facts)
    others.discard(facts.taker_id)
    others -= await known.barred(tx, facts)
    reply = messages.say(
        "taken_other", code=Name(facts.code), member=Name(taker.name if taker else "")
    )
    audience = await Audience.of(tx, others)
    await audience.tell_all(tx, relais, reply, f"taken:{facts.id}:{round_}")


async def tell_yours(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """The taker, who took it in the console, has it in the messenger too."""
    (round_,) = timers.numbers(job)
    facts = await known.read(tx, relais, job.subject)
    if facts is None or facts.taker_id is None or not _idle(facts, round_):
        return
    reply = messages.yours(facts.code, facts.deadline_at or job.due_at)
    audience = await Audience.of(tx, [facts.taker_id])
    await audience.tell_all(tx, relais, reply, f"yours:{facts.id}:{round_}")


async def remind(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """The taker noted nothing: a reminder, and the moment at which the case goes back."""
    (round_,) = timers.numbers(job)
    found = await _idle_taker(tx, relais, job.subject, round_)
    if found is None:
        return
    facts, audience = found
    back_at = relais.world.now() + timing.time_after_reminder(facts.urgency)
    reply = messages.say("idle", code=Name(facts.code), time=messages.at(back_at))
    await audience.tell_all(tx, relais, reply, f"idle:{facts.id}:{round_}")
    await tx.execute(update(cases).where(cases.c.id == facts.id).values(deadline_at=back_at))
    await note(tx, relais.world, facts.id, "idle", member_id=facts.taker_id)
    await timers.set_timer(tx, relais.world, timers.RETURN, facts.id, round_, due_at=back_at)


async def take_back(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """Still nothing noted: the case goes back to the queue, and its taker is told."""
    (round_,) = timers.numbers(job)
    found = await _idle_taker(tx, relais, job.subject, round_)
    if found is None:
        return
    facts, audience = found
    reply = messages.say("returned", code=Name(facts.code))
    await audience.tell_all(tx, relais, reply, f"returned:{facts.id}:{round_}")
    await return_to_queue(tx, relais, facts, "idle")


async def _idle_taker(
    tx: AsyncConnection, relais: Relais, case_id: str, round_: int
) -> tuple[Facts, Audience] | None:
    """The case, locked, and its taker, if nothing was noted yet in this round."""
    seen = await known.read(tx, relais, case_id)
    if seen is None or seen.taker_id is None or not _idle(seen, round_):
        return None
    audience = await Audience.of(tx, [seen.taker_id])
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or not _idle(facts, round_):
        return None
    return facts, audience


def _idle(facts: Facts, round_: int) -> bool:
    return facts.working and facts.round == round_


async def tell_withdrawn(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """She closed it: who had it, or might have taken it, must not write to her."""
    facts = await known.read(tx, relais, job.subject)
    if facts is None:
        return
    told = await tx.execute(
        select(alerts.c.member_id).where(
            alerts.c.case_id == facts.id, alerts.c.status == "withdrawn"
        )
    )
    audience = await Audience.of(tx, set(told.scalars()))
    reply = messages.say("withdrawn", code=Name(facts.code))
    await audience.tell_all(tx, relais, reply, f"withdrawn:{facts.id}")


async def tell_rerouted(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """Who had the case has it no longer: not to write to her any more. Never why."""
    (round_,) = timers.numbers(job)
    found = await tx.execute(
        select(alerts.c.member_id).where(
            alerts.c.case_id == job.subject, alerts.c.round == round_, alerts.c.tier == -1
        )
    )
    audience = await Audience.of(tx, set(found.scalars()))
    facts = await known.read(tx, relais, job.subject)
    if facts is None:
        return
    reply = messages.say("returned", code=Name(facts.code))
    await audience.tell_all(tx, relais, reply, f"rerouted:{facts.id}:{round_}", purpose="alert")


async def tell_asked_again(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """She asked again while somebody has her case: they hear, and if urgent coordinators too."""
    _, when = timers.numbers(job)
    facts = await known.read(tx, relais, job.subject)
    if facts is None or facts.status != "taken" or facts.taker_id is None:
        return
    urgent = facts.urgency == "urgent"
    told = {facts.taker_id} | (await coordinators(tx) if urgent else set())
    audience = await Audience.of(tx, told - await known.barred(tx, facts))
    directory = await relais.directory.get()
    for person in audience.people:
        reply = messages.asked_again(
            facts, directory, person.locale, taker=person.id == facts.taker_id
        )
        await audience.tell(
            tx,
            relais,
            person,
            reply,
            f"again:{facts.id}:{when}:{person.id}",
            purpose="alert" if urgent else "notice",
        )


async def tell_added(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """She added something: whoever has the case hears; of one that is over, coordinators too."""
    (when,) = timers.numbers(job)
    facts = await known.read(tx, relais, job.subject)
    if facts is None or facts.status not in {"taken", "done"}:
        return
    told = {facts.taker_id} if facts.taker_id is not None else set()
    if facts.status == "done":
        told |= await coordinators(tx)
    audience = await Audience.of(tx, told - await known.barred(tx, facts))
    reply = messages.say("added", code=Name(facts.code))
    await audience.tell_all(tx, relais, reply, f"added:{facts.id}:{when}")


async def tell_coordinators(
    tx: AsyncConnection, relais: Relais, words: str, *, key: str, **params: Param
) -> None:
    """Something that coordinators have to do, once for this ``key``; on call or not."""
    audience = await Audience.of(tx, await coordinators(tx))
    reply = messages.say(words, **params)
    await audience.tell_all(tx, relais, reply, key, purpose="alert")


async def owe_erasure(tx: AsyncConnection, world: World, conversation_id: str) -> None:
    """Somebody wanted everything erased in a chat that leads nowhere genuine."""
    await timers.set_timer(tx, world, timers.OWED, conversation_id, due_at=world.now())


async def tell_owed(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """Coordinators hear that the operator has to look, and erase by hand what she meant."""
    await tell_coordinators(tx, relais, "erase_owed", key=f"owed:{job.subject}")


async def tell_test(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """The alarm as a real alert would ring, on every messenger of the member."""
    audience = await Audience.of(tx, [job.subject])
    await audience.tell_all(tx, relais, messages.test_alarm(), f"test:{job.id}", purpose="alert")
