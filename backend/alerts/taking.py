"""Taking a case, and refusing it. Of two who take it at once exactly one gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from backend.alerts import facts as known
from backend.alerts import timers, timing
from backend.alerts.history import note
from backend.alerts.outcome import Outcome
from backend.alerts.people import coordinators
from backend.database.tables import alerts, cases, members

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.facts import Facts
    from backend.relais import Relais

NOT_YOURS = Outcome("not_yours")


async def concerns(tx: AsyncConnection, facts: Facts, member_id: str) -> bool:
    """Whether this member may know that the case exists.

    Those alerted, the taker and coordinators may, unless barred (excluded, or in conflict).
    """
    if member_id in await known.barred(tx, facts):
        return False
    if facts.taker_id == member_id or await known.ever_alerted(tx, facts.id, member_id):
        return True
    return member_id in await coordinators(tx)


async def take(
    tx: AsyncConnection, relais: Relais, case_id: str, member_id: str, *, told: bool = False
) -> Outcome:
    """Take an open case. Idempotent for the taker; everyone else hears who has it.

    ``told``: the caller answers this member in a chat; else a message goes to every linked one.
    """
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or not await concerns(tx, facts, member_id):
        return NOT_YOURS
    now = relais.world.now()
    first_step_by = now + timing.time_to_first_step(facts.urgency)
    won = await tx.execute(
        update(cases)
        .where(cases.c.id == case_id, cases.c.status == "open")
        .values(
            status="taken",
            taker_id=member_id,
            taken_at=now,
            answered_at=None,
            deadline_at=first_step_by,
        )
        .returning(cases.c.round, cases.c.tier)
    )
    row = won.one_or_none()
    if row is None:
        return await whose(tx, relais, case_id, member_id)
    await _close_alerts(tx, relais, case_id, member_id, row.round, row.tier)
    await note(tx, relais.world, case_id, "taken", member_id=member_id, detail=str(row.tier))
    await timers.stop_alerting(tx, case_id)
    await timers.set_timer(tx, relais.world, timers.IDLE, case_id, row.round, due_at=first_step_by)
    await timers.set_timer(tx, relais.world, timers.TAKEN, case_id, row.round, due_at=now)
    if not told:
        await timers.set_timer(tx, relais.world, timers.YOURS, case_id, row.round, due_at=now)
    return await whose(tx, relais, case_id, member_id)


async def _close_alerts(
    tx: AsyncConnection, relais: Relais, case_id: str, member_id: str, round_: int, tier: int
) -> None:
    this_round = (alerts.c.case_id == case_id) & (alerts.c.round == round_)
    mine = this_round & (alerts.c.member_id == member_id)
    marked = await tx.execute(update(alerts).where(mine).values(status="taken"))
    if not marked.rowcount:  # a coordinator who was not alerted in this round
        await tx.execute(
            insert(alerts).values(
                case_id=case_id,
                round=round_,
                tier=max(tier, 0),
                member_id=member_id,
                status="taken",
                alerted_at=relais.world.now(),
            )
        )
    await tx.execute(
        update(alerts).where(this_round, alerts.c.status == "open").values(status="lost")
    )


async def whose(
    connection: AsyncConnection, relais: Relais, case_id: str, member_id: str
) -> Outcome:
    """Who has the case now: ``taken`` when it is this member, ``lost`` another, else not_open."""
    facts = await known.read(connection, relais, case_id)
    if facts is None:
        return NOT_YOURS
    if facts.status != "taken" or facts.taker_id is None:
        return Outcome("not_open", facts.code)
    name = (
        await connection.execute(select(members.c.name).where(members.c.id == facts.taker_id))
    ).scalar_one_or_none()
    return Outcome(
        "taken" if facts.taker_id == member_id else "lost",
        facts.code,
        facts.taker_id,
        name,
        facts.deadline_at,
        facts.answered_at,
    )


async def pass_on(
    tx: AsyncConnection, relais: Relais, case_id: str, member_id: str, *, why: str = ""
) -> Outcome:
    """Say no to an alert. The taker gives the case back. All said no: the next tier at once."""
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or not await concerns(tx, facts, member_id):
        return NOT_YOURS
    if facts.status == "taken" and facts.taker_id == member_id:
        return await return_to_queue(tx, relais, facts, "given_back")
    if facts.status != "open":
        return await whose(tx, relais, case_id, member_id)
    passed = await tx.execute(
        update(alerts)
        .where(
            alerts.c.case_id == case_id,
            alerts.c.round == facts.round,
            alerts.c.member_id == member_id,
            alerts.c.status == "open",
        )
        .values(status="passed")
    )
    if passed.rowcount:
        await note(tx, relais.world, case_id, "passed", member_id=member_id, detail=why)
        await hasten_if_all_passed(tx, relais, facts)
    return Outcome("passed", facts.code)


async def hasten_if_all_passed(tx: AsyncConnection, relais: Relais, facts: Facts) -> None:
    """Nobody is left who might still take it: do not wait for the deadline."""
    if not await known.alerted(tx, facts, "open"):
        await timers.bring_forward(tx, facts, relais.world.now())


async def give_up(tx: AsyncConnection, relais: Relais, case_id: str, member_id: str) -> Outcome:
    """The taker gives the case back; ``not_yours`` for anybody else."""
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or facts.status != "taken" or facts.taker_id != member_id:
        return NOT_YOURS
    return await return_to_queue(tx, relais, facts, "given_back")


async def reopen(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """She needs help again in a case that is over: everybody is asked, who had it among them."""
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or facts.status != "done":
        return
    await note(tx, relais.world, case_id, "asked_again", detail=facts.urgency)
    await _queue_anew(tx, relais, facts)


async def return_to_queue(tx: AsyncConnection, relais: Relais, facts: Facts, why: str) -> Outcome:
    """A taken case goes back: a new round begins at once, without its last taker."""
    await tx.execute(
        insert(alerts).values(
            case_id=facts.id,
            round=facts.round + 1,
            tier=-1,
            member_id=facts.taker_id,
            status="passed",
            alerted_at=relais.world.now(),
        )
    )
    await note(tx, relais.world, facts.id, "returned", member_id=facts.taker_id, detail=why)
    await timers.stop_waiting(tx, facts.id)
    await _queue_anew(tx, relais, facts)
    return Outcome("returned", facts.code)


async def _queue_anew(tx: AsyncConnection, relais: Relais, facts: Facts) -> None:
    """Nobody has the case any more: a new round, at once. The case is locked."""
    now, round_ = relais.world.now(), facts.round + 1
    await tx.execute(
        update(cases)
        .where(cases.c.id == facts.id)
        .values(
            status="open",
            round=round_,
            tier=-1,
            deadline_at=now,
            taker_id=None,
            taken_at=None,
            answered_at=None,
            closed_at=None,
        )
    )
    await timers.set_timer(tx, relais.world, timers.ESCALATE, facts.id, round_, -1, due_at=now)
