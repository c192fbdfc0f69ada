"""Alerting: wave after wave until somebody takes the case, then nobody any more.

Locks are taken in one order everywhere: chats (by id), the case, jobs. So a step first looks
without locks whom it will tell, locks their chats, then the case, and looks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, update

from backend.alerts import facts as known
from backend.alerts import timers, timing
from backend.alerts.audience import Audience
from backend.alerts.history import note, note_once
from backend.alerts.repeating import repeat_if_urgent
from backend.alerts.ringing import ring_wave, tell_still_open
from backend.alerts.taking import return_to_queue
from backend.alerts.waves import Wave, next_wave
from backend.database.tables import alerts, cases, jobs
from conversation import match

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.facts import Facts
    from backend.jobs import Job
    from backend.relais import Relais
    from conversation import Directory

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
    """Take up renewed routing facts.

    Members excluded since hear no more, and one of them who has the case has it no longer; what
    became urgent waits no longer than urgent cases do.
    """
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None:
        return
    gone = await known.barred(tx, facts)
    if facts.status == "taken" and facts.taker_id in gone:
        await _away_from_taker(tx, relais, facts)
    if facts.status != "open" or facts.tier == _BEFORE_FIRST:
        return
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
    await repeat_if_urgent(tx, relais, facts)


async def _away_from_taker(tx: AsyncConnection, relais: Relais, facts: Facts) -> None:
    """Others are asked at once. A job tells who had it that it is theirs no more, never why."""
    await return_to_queue(tx, relais, facts, "rerouted")
    await timers.set_timer(
        tx, relais.world, timers.REROUTED, facts.id, facts.round + 1, due_at=relais.world.now()
    )


async def asked_again(tx: AsyncConnection, relais: Relais, case_id: str, *, more: bool) -> None:
    """She asked for help while the case lives. Runs in the turn's transaction.

    Open: everybody who was asked before and the next tier are asked at once, those too who said
    no, if it is urgent, if she asks for ``more`` than was known, or if nobody is left who might
    take it; else only the next tier is. Taken: who has it hears so; when it is urgent coordinators
    do too, and the taker has to note a new step in time or the case goes back.
    """
    await facts_changed(tx, relais, case_id)
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or facts.status not in {"open", "taken"}:
        return
    now = relais.world.now()
    await note(tx, relais.world, case_id, "asked_again", detail=facts.urgency)
    if facts.status == "open":
        again = more or facts.urgency == "urgent" or not await known.alerted(tx, facts, "open")
        if again and facts.tier != _BEFORE_FIRST:
            await _ring_anew(tx, relais, facts)
        else:
            await timers.bring_forward(tx, facts, now)
        return
    round_ = facts.round
    if facts.urgency == "urgent":
        round_ = await _expect_a_step(tx, relais, facts)
    await timers.set_timer(tx, relais.world, timers.AGAIN, case_id, round_, now, due_at=now)


async def _ring_anew(tx: AsyncConnection, relais: Relais, facts: Facts) -> None:
    """A new round, whose first wave reaches as far as this one did, and a tier further."""
    now, round_ = relais.world.now(), facts.round + 1
    await timers.stop_alerting(tx, facts.id)
    await tx.execute(
        update(alerts)
        .where(
            alerts.c.case_id == facts.id,
            alerts.c.round == facts.round,
            alerts.c.status.in_(("open", "passed")),
        )
        .values(status=known.RENEWED)
    )
    await tx.execute(
        update(cases)
        .where(cases.c.id == facts.id)
        .values(round=round_, tier=_BEFORE_FIRST, deadline_at=now)
    )
    await timers.set_timer(
        tx, relais.world, timers.ESCALATE, facts.id, round_, _BEFORE_FIRST, due_at=now
    )


async def _expect_a_step(tx: AsyncConnection, relais: Relais, facts: Facts) -> int:
    """A step is due soon, in a new round if one was noted in this. Returns the round's number.

    Whoever noted nothing yet gets no more time by her calling again.
    """
    now, round_ = relais.world.now(), facts.round + 1
    first_step_by = now + timing.time_to_first_step(facts.urgency)
    if facts.working and facts.deadline_at is not None:
        by = min(first_step_by, facts.deadline_at)
        await tx.execute(update(cases).where(cases.c.id == facts.id).values(deadline_at=by))
        await timers.bring_waiting_forward(tx, facts, by)
        return facts.round
    await timers.stop_waiting(tx, facts.id)
    await tx.execute(
        update(cases)
        .where(cases.c.id == facts.id)
        .values(round=round_, answered_at=None, deadline_at=first_step_by)
    )
    await tx.execute(
        insert(alerts).values(
            case_id=facts.id,
            round=round_,
            tier=max(facts.tier, 0),
            member_id=facts.taker_id,
            status="taken",
            alerted_at=now,
        )
    )
    await timers.set_timer(tx, relais.world, timers.IDLE, facts.id, round_, due_at=first_step_by)
    return round_


async def added(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """She added to a case that somebody has or had: a job tells whoever that is."""
    now = relais.world.now()
    await timers.set_timer(tx, relais.world, timers.ADDED, case_id, now, due_at=now)


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
    wave = await _next_wave(tx, seen, directory)
    audience = await Audience.of(tx, wave.members or wave.coordinators)
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or not _still(facts, round_, tier):
        return  # taken, closed or moved on meanwhile: whoever did that set its own timers
    audience = audience.without(await known.barred(tx, facts))
    if wave.members:
        await ring_wave(tx, relais, facts, directory, wave, audience)
    else:
        await tell_still_open(tx, relais, facts, directory, audience)
    await _move_on(tx, relais, facts, wave)


def _still(facts: Facts, round_: int, tier: int) -> bool:
    return facts.status == "open" and (facts.round, facts.tier) == (round_, tier)


async def _next_wave(tx: AsyncConnection, facts: Facts, directory: Directory) -> Wave:
    return next_wave(
        match(directory, facts.routing.wish()),
        alerted=await known.alerted(tx, facts),
        before=await known.renewed(tx, facts),
        barred=await known.barred(tx, facts),
        keyholders=await known.keyholders(tx, facts.id),
    )


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
    await repeat_if_urgent(tx, relais, facts)
