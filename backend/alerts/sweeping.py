"""A net under the timers: no case may be left without one, whatever went wrong with a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from backend.alerts import timers
from backend.database.tables import cases, jobs
from backend.jobs import revive

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais

_AT_ONCE = 200


async def sweep(tx: AsyncConnection, relais: Relais) -> int:
    """Set a timer for each open case without one, and for each taken one that nobody worked on.

    Returns how many were mended.
    """
    open_ = await _without_timer(tx, "open", timers.ESCALATE)
    idle = await _without_timer(tx, "taken", timers.IDLE, timers.RETURN)
    now = relais.world.now()
    for row in open_:
        await _set(tx, relais, timers.ESCALATE, (row.id, row.round, row.tier), now)
    for row in idle:
        await _set(tx, relais, timers.IDLE, (row.id, row.round), now)
    return len(open_) + len(idle)


async def _without_timer(tx: AsyncConnection, status: str, *kinds: str) -> list[Any]:
    waiting = (
        select(jobs.c.id)
        .where(jobs.c.subject == cases.c.id, jobs.c.kind.in_(kinds), jobs.c.status == "waiting")
        .exists()
    )
    rows = await tx.execute(
        select(cases.c.id, cases.c.round, cases.c.tier)
        .where(cases.c.status == status, cases.c.answered_at.is_(None), ~waiting)
        .order_by(cases.c.id)
        .limit(_AT_ONCE)
    )
    return list(rows)


async def _set(
    tx: AsyncConnection, relais: Relais, kind: str, place: tuple[str, ...], due_at: int
) -> None:
    subject, *numbers = place
    counted = [int(number) for number in numbers]
    await timers.set_timer(tx, relais.world, kind, subject, *counted, due_at=due_at)
    await revive(tx, timers.key(kind, subject, *counted), due_at)
