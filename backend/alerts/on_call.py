"""On call or not, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from backend.alerts import timers
from backend.alerts.audience import lock_chats
from backend.alerts.taking import pass_on
from backend.alerts.working import open_alerts
from backend.database.tables import jobs, members
from backend.jobs import cancel_subject

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.jobs import Job
    from backend.relais import Relais


async def set_on_call(
    tx: AsyncConnection, relais: Relais, member_id: str, on: bool, *, until: int | None = None
) -> None:
    """Begin or end a member's shift; ``until`` (ms) ends it by itself.

    Alerts still open for one who goes off call are passed, so that nobody waits for them. Call
    ``relais.directory.invalidate()`` after the commit (here the snapshot is dropped too).
    """
    await tx.execute(update(members).where(members.c.id == member_id).values(on_call=on))
    await cancel_subject(tx, timers.OFF_CALL, member_id)
    if on and until is not None:
        fresh = int.from_bytes(relais.world.random(6), "big")  # the same hour can be said again
        await timers.set_timer(tx, relais.world, timers.OFF_CALL, member_id, fresh, due_at=until)
    if not on:
        for case_id in sorted(await open_alerts(tx, member_id)):
            await pass_on(tx, relais, case_id, member_id, why="off_call")
    relais.directory.invalidate()


async def end_shift(tx: AsyncConnection, relais: Relais, job: Job) -> None:
    """The moment of ``until`` has come, unless another word came first. A job handler."""
    await lock_chats(tx, [job.subject])
    mine = await tx.execute(select(jobs.c.status).where(jobs.c.id == job.id))
    if mine.scalar_one() != "waiting":
        return
    await set_on_call(tx, relais, job.subject, on=False)


async def others_on_call(connection: AsyncConnection, member_id: str) -> list[str]:
    """Names of the other members on call: of the same team, and coordinators."""
    team = (
        await connection.execute(select(members.c.team_id).where(members.c.id == member_id))
    ).scalar_one_or_none()
    rows = await connection.execute(
        select(members.c.name, members.c.team_id, members.c.roles)
        .where(
            members.c.on_call.is_(True),
            members.c.enrolled_at.is_not(None),
            members.c.disabled_at.is_(None),
            members.c.id != member_id,
        )
        .order_by(members.c.name)
    )
    return [
        row.name
        for row in rows
        if "coordinator" in row.roles or (team is not None and row.team_id == team)
    ]
