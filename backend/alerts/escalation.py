"""Alerting: wave after wave until somebody takes the case, then nobody any more.

Locks are taken in one order everywhere: chats (by id), the case, jobs. So a step first looks
without locks whom it will tell, locks their chats, then the case, and looks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, update

from backend.alerts import facts as known
from backend.alerts import messages, timers, timing
from backend.alerts.history import note, note_once
from backend.alerts.people import Chat, Person, chats, people, tell
from backend.alerts.waves import Wave, next_wave
from backend.database.tables import alerts, cases, jobs
from conversation import match

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.facts import Facts
    from backend.jobs import Job
    from backend.relais import Relais
    from conversation import Directory, Match, Reply

_BEFORE_FIRST: Final = -1


async def begin(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """Alert the first tier of a case that was just made, and set its deadline.

    Runs in the turn's transaction. Called again for a case that is being alerted, it only takes up
    what changed in the routing facts.
    """
    begun = await tx.execute(
        select(jobs.c.id).where(jobs.c.kind == timers.ESCALATE, jobs.c.subject == case_id).limit(1)
    )
    if begun.first() is not None:
        await facts_changed(tx, relais, case_id)
        return
    opened = await tx.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.status.in_(("open", "silent")))
        .values(status="open", tier=_BEFORE_FIRST)
        .returning(cases.c.round)
    )
    row = opened.one_or_none()
    if row is not None:
        await _step(tx, relais, case_id, row.round, _BEFORE_FIRST)


async def escalate(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """The deadline of a wave passed, or all of it said no: the next one. A job handler."""
    round_, tier = timers.numbers(job)
    await _step(tx, relais, job.subject, round_, tier)


async def facts_changed(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """Take up renewed routing facts of an open case.

    Members excluded since hear no more; what became urgent waits no longer than urgent cases do.
    """
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or facts.status != "open" or facts.tier == _BEFORE_FIRST:
        return
    gone = await known.barred(tx, facts)
    await tx.execute(
        update(alerts)
        .where(
            alerts.c.case_id == case_id,
            alerts.c.status == "open",
            alerts.c.member_id.in_(gone),
        )
        .values(status="excluded")
    )
    now = relais.world.now()
    soon = now + timing.time_to_answer(facts.urgency)
    if not await known.alerted(tx, facts, "open"):
        soon = now
    if facts.deadline_at is None or facts.deadline_at > soon:
        await tx.execute(update(cases).where(cases.c.id == case_id).values(deadline_at=soon))
        await timers.bring_forward(tx, facts, soon)
    await _repeat_if_urgent(tx, relais, facts)


async def next_try(connection: AsyncConnection, case_id: str) -> int | None:
    """When someone is asked again (ms); None unless the case is open."""
    row = (
        await connection.execute(
            select(cases.c.deadline_at).where(cases.c.id == case_id, cases.c.status == "open")
        )
    ).one_or_none()
    return row.deadline_at if row is not None else None


async def _step(tx: AsyncConnection, relais: Relais, case_id: str, round_: int, tier: int) -> None:
    seen = await known.read(tx, relais, case_id)
    if seen is None or not _still(seen, round_, tier):
        return
    directory = await relais.directory.get()
    found = match(directory, seen.routing.wish())
    wave = next_wave(
        found,
        alerted=await known.alerted(tx, seen),
        barred=await known.barred(tx, seen),
        keyholders=await known.keyholders(tx, case_id),
    )
    who = await people(tx, wave.members or _coordinators(found))
    where = await chats(tx, who)
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or not _still(facts, round_, tier):
        return  # taken, closed or moved on meanwhile: whoever did that set its own timers
    barred = await known.barred(tx, facts)
    audience = _Audience(directory, [one for one in who.values() if one.id not in barred], where)
    if wave.members:
        await _alert(tx, relais, facts, wave, audience)
    else:
        await _tell_still_open(tx, relais, facts, audience)
    await _move_on(tx, relais, facts, wave)


@dataclass(frozen=True, slots=True)
class _Audience:
    directory: Directory
    people: list[Person]
    where: dict[str, list[Chat]]


def _still(facts: Facts, round_: int, tier: int) -> bool:
    return facts.status == "open" and (facts.round, facts.tier) == (round_, tier)


def _coordinators(found: Match) -> list[str]:
    return [one for tier in found.tiers if tier.coordinators for one in tier.members]


async def _alert(
    tx: AsyncConnection, relais: Relais, facts: Facts, wave: Wave, audience: _Audience
) -> None:
    now, tier = relais.world.now(), facts.tier + 1
    answer_by = now + timing.time_to_answer(facts.urgency)
    already = await known.alerted(tx, facts)
    for person in audience.people:
        if person.id in already:
            continue
        await tx.execute(
            insert(alerts).values(
                case_id=facts.id,
                round=facts.round,
                tier=tier,
                member_id=person.id,
                status="open",
                alerted_at=now,
            )
        )
        await note(tx, relais.world, facts.id, "alerted", member_id=person.id, detail=str(tier))
        if wave.members[person.id]:
            reply = messages.alert_coordinator(
                facts, audience.directory, person.locale, gap=wave.first
            )
        else:
            reply = messages.alert(facts, audience.directory, person.locale, answer_by)
        await _ring(tx, relais, audience, person, reply, _alert_key(facts, tier, person.id, 0))


async def _ring(
    tx: AsyncConnection,
    relais: Relais,
    audience: _Audience,
    person: Person,
    reply: Reply,
    key: str,
) -> None:
    where = audience.where.get(person.id, ())
    await tell(tx, relais, where, person.locale, reply, key, purpose="alert")


def _alert_key(facts: Facts, tier: int, member_id: str, n: int) -> str:
    return f"alert:{facts.id}:{facts.round}:{tier}:{member_id}:{n}"


async def _tell_still_open(
    tx: AsyncConnection, relais: Relais, facts: Facts, audience: _Audience
) -> None:
    """Every coordinator on call, once for each full hour that the case has been open."""
    hours = messages.hours_open(facts, relais.world.now())
    if not audience.people:
        await note_once(tx, relais.world, facts.id, "nobody", str(facts.round))
        return
    if not hours or not await note_once(
        tx, relais.world, facts.id, "hourly", f"{facts.round}:{hours}"
    ):
        return
    for person in audience.people:
        reply = messages.still_open(facts, audience.directory, person.locale, hours)
        key = f"hourly:{facts.id}:{facts.round}:{person.id}:{hours}"
        await _ring(tx, relais, audience, person, reply, key)


async def _move_on(tx: AsyncConnection, relais: Relais, facts: Facts, wave: Wave) -> None:
    for reason in wave.skipped:
        await note_once(tx, relais.world, facts.id, "skipped", f"{facts.round}:{reason}")
    wait = timing.time_to_answer(facts.urgency) if wave.members else timing.LAST_RESORT
    due_at = relais.world.now() + wait
    # Nobody could be asked at all: past tier 0, so that she is told when it is tried again.
    tier = facts.tier + 1 if wave.members else max(facts.tier + 1, 1)
    await tx.execute(
        update(cases).where(cases.c.id == facts.id).values(tier=tier, deadline_at=due_at)
    )
    await timers.set_timer(
        tx, relais.world, timers.ESCALATE, facts.id, facts.round, tier, due_at=due_at
    )
    await _repeat_if_urgent(tx, relais, facts)


async def _repeat_if_urgent(tx: AsyncConnection, relais: Relais, facts: Facts) -> None:
    if facts.urgency == "urgent":
        due_at = relais.world.now() + timing.REPEAT
        await timers.set_timer(
            tx, relais.world, timers.REPEAT, facts.id, facts.round, 1, due_at=due_at
        )


async def repeat(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """An urgent case nobody took: once more to everyone whose alert is open. A job handler."""
    round_, n = timers.numbers(job)
    seen = await known.read(tx, relais, job.subject)
    if seen is None or seen.status != "open" or seen.round != round_:
        return
    directory = await relais.directory.get()
    who = await people(tx, await _to_remind(tx, relais, seen, directory))
    audience = _Audience(directory, list(who.values()), await chats(tx, who))
    facts = await known.read(tx, relais, job.subject, lock=True)
    if facts is None or facts.status != "open" or facts.round != round_:
        return
    now = relais.world.now()
    waiting = await known.alerted(tx, facts, "open")
    for person in audience.people:
        if person.id in waiting:
            answer_by = facts.deadline_at or now
            reply = messages.alert(facts, directory, person.locale, answer_by, again=True)
            key = _alert_key(facts, facts.tier, person.id, n)
            await _ring(tx, relais, audience, person, reply, key)
    due_at = now + timing.REPEAT
    await timers.set_timer(
        tx, relais.world, timers.REPEAT, facts.id, facts.round, n + 1, due_at=due_at
    )


async def _to_remind(
    tx: AsyncConnection, relais: Relais, facts: Facts, directory: Directory
) -> set[str]:
    on_call = {one.id for team in directory.teams for one in team.on_call}
    on_call |= {one.id for one in directory.coordinators}
    on_call -= await known.barred(tx, facts)
    long_ago = relais.world.now() - timing.JUST_NOW
    waiting = await known.alerted(tx, facts, "open")
    return {one for one, (_, when) in waiting.items() if one in on_call and when <= long_ago}
