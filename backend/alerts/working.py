"""What the taker does with a case: the first step, a conflict, the end. And her own withdrawal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, or_, select, update

from backend.alerts import facts as known
from backend.alerts import timers
from backend.alerts.history import note
from backend.alerts.outcome import Outcome
from backend.alerts.people import coordinators
from backend.alerts.taking import (
    NOT_YOURS,
    concerns,
    hasten_if_all_passed,
    return_to_queue,
    whose,
)
from backend.cases import referrals
from backend.database.tables import alerts, cases, grants

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.alerts.facts import Facts
    from backend.relais import Relais

RECOVERY: Final = "recovery"


async def note_step(tx: AsyncConnection, relais: Relais, case_id: str, member_id: str) -> Outcome:
    """The taker noted a step. With the first one the other tiers' grants are destroyed."""
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or facts.status != "taken" or facts.taker_id != member_id:
        return NOT_YOURS
    if member_id in await known.barred(tx, facts):
        return NOT_YOURS
    answered_at = facts.answered_at
    if answered_at is None:
        answered_at = relais.world.now()
        await tx.execute(
            update(cases)
            .where(cases.c.id == case_id)
            .values(answered_at=answered_at, deadline_at=None)
        )
        gone = await _destroy_other_grants(tx, case_id, member_id)
        await timers.stop_waiting(tx, case_id)
        await note(
            tx, relais.world, case_id, "answered", member_id=member_id, detail=f"grants:-{gone}"
        )
    return Outcome("answered", facts.code, member_id, answered_at=answered_at)


async def _destroy_other_grants(tx: AsyncConnection, case_id: str, taker_id: str) -> int:
    kept = {taker_id, RECOVERY} | await coordinators(tx)
    gone = await tx.execute(
        delete(grants).where(
            grants.c.case_id == case_id,
            grants.c.holder.not_in(kept),
            grants.c.referral_id.is_(None),
        )
    )
    return gone.rowcount


async def conflict(tx: AsyncConnection, relais: Relais, case_id: str, member_id: str) -> Outcome:
    """This member knows the person: own grants destroyed, never alerted for the case again.

    Nobody is told why. Also for one who holds a grant and was not alerted yet, or to whom the case
    was referred.
    """
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None:
        return NOT_YOURS
    referred = await referrals.revoke(tx, relais, case_id, to=[member_id])
    held = await tx.execute(
        delete(grants).where(grants.c.case_id == case_id, grants.c.holder == member_id)
    )
    if not (referred or held.rowcount) and not await concerns(tx, facts, member_id):
        knows = member_id in await known.in_conflict(tx, case_id)
        return Outcome("rerouted", facts.code) if knows else NOT_YOURS
    await note(tx, relais.world, case_id, "conflict", member_id=member_id)
    if facts.status == "taken" and facts.taker_id == member_id:
        await return_to_queue(tx, relais, facts, "rerouted")
    await tx.execute(
        update(alerts)
        .where(alerts.c.case_id == case_id, alerts.c.member_id == member_id)
        .values(status="conflict")
    )
    if facts.status == "open":
        await hasten_if_all_passed(tx, relais, facts)
    return Outcome("rerouted", facts.code)


async def done(tx: AsyncConnection, relais: Relais, case_id: str, member_id: str) -> Outcome:
    """The taker closes the case, after a first step."""
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or not await concerns(tx, facts, member_id):
        return NOT_YOURS
    if facts.status == "done" and facts.taker_id == member_id:
        return Outcome("done", facts.code, member_id)
    if facts.status != "taken" or facts.taker_id != member_id:
        return await whose(tx, relais, case_id, member_id)
    if facts.answered_at is None:
        return Outcome("step_missing", facts.code, member_id)
    await tx.execute(
        update(cases)
        .where(cases.c.id == case_id)
        .values(status="done", closed_at=relais.world.now(), deadline_at=None)
    )
    await timers.end_contact(tx, relais.world, case_id)
    await note(tx, relais.world, case_id, "done", member_id=member_id)
    return Outcome("done", facts.code, member_id)


async def withdraw(tx: AsyncConnection, relais: Relais, case_id: str) -> None:
    """She erased the case: every alert stops; who has it or might take it hears "do not write".

    Called before the rest is erased; the rows of ``cases`` and ``alerts`` must stay, and with them
    the code by which the members know it.
    """
    facts = await known.read(tx, relais, case_id, lock=True)
    if facts is None or facts.status not in {"open", "taken", "done"}:
        return
    await _withdraw_alerts(tx, facts)
    await timers.stop_alerting(tx, case_id)
    await timers.stop_waiting(tx, case_id)
    await timers.set_timer(tx, relais.world, timers.WITHDRAWN, case_id, due_at=relais.world.now())


async def _withdraw_alerts(tx: AsyncConnection, facts: Facts) -> None:
    of_now = (alerts.c.round == facts.round) & alerts.c.status.in_(("open", "taken"))
    of_before = alerts.c.status == known.RENEWED
    await tx.execute(
        update(alerts)
        .where(alerts.c.case_id == facts.id, or_(of_now, of_before))
        .values(status="withdrawn")
    )


async def open_alerts(connection: AsyncConnection, member_id: str) -> list[str]:
    """Ids of the open cases for which this member's alert is open, oldest first."""
    rows = await connection.execute(
        select(cases.c.id)
        .join(alerts, (alerts.c.case_id == cases.c.id) & (alerts.c.round == cases.c.round))
        .where(alerts.c.member_id == member_id, alerts.c.status == "open", cases.c.status == "open")
        .order_by(alerts.c.alerted_at, cases.c.id)
    )
    return list(rows.scalars())


async def taken_by(connection: AsyncConnection, member_id: str) -> list[str]:
    """Ids of the cases this member has, oldest first."""
    rows = await connection.execute(
        select(cases.c.id)
        .where(cases.c.taker_id == member_id, cases.c.status == "taken")
        .order_by(cases.c.taken_at, cases.c.id)
    )
    return list(rows.scalars())
