"""The jobs table: scheduling inside a caller's transaction, and claiming under a lease."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select, update

from backend.database.statements import insert_or_ignore
from backend.database.tables import jobs
from backend.jobs.failures import TRIES, LeaseLost, wait_after
from backend.jobs.job import Claimed, Job

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.ambient import World

LEASE_MS: Final = 30_000
UNAVAILABLE_MS: Final = 5_000
_WAITING: Final = jobs.c.status == "waiting"


@dataclass(frozen=True, slots=True)
class Counts:
    """For health: ``due`` are waiting past their time; ``lag_ms`` is how long the oldest has."""

    waiting: int
    due: int
    failed: int
    lag_ms: int


async def schedule(
    tx: AsyncConnection, world: World, *, kind: str, key: str, subject: str, due_at: int
) -> None:
    """Write a job. A key that was ever used keeps its first row: nothing is set twice."""
    await tx.execute(
        insert_or_ignore(tx.dialect.name, jobs).values(
            id=world.new_id(),
            kind=kind,
            key=key,
            subject=subject,
            due_at=due_at,
            lease_until=0,
            fence=0,
            attempts=0,
            status="waiting",
        )
    )


async def cancel(tx: AsyncConnection, key: str) -> None:
    """It is no longer wanted. One that is running just now is not stopped.

    Handlers look whether there still is something to do, under the lock that guards it.
    """
    await tx.execute(update(jobs).where(jobs.c.key == key, _WAITING).values(status="dropped"))


async def cancel_subject(tx: AsyncConnection, kind: str, subject: str) -> None:
    """Every waiting job of this kind about this id."""
    await tx.execute(
        update(jobs)
        .where(jobs.c.kind == kind, jobs.c.subject == subject, _WAITING)
        .values(status="dropped")
    )


async def hasten(tx: AsyncConnection, key: str, due_at: int) -> None:
    """Bring a waiting job forward; never back."""
    await tx.execute(
        update(jobs)
        .where(jobs.c.key == key, _WAITING, jobs.c.due_at > due_at)
        .values(due_at=due_at)
    )


async def revive(tx: AsyncConnection, key: str, due_at: int) -> None:
    """Let a failed job be tried again from the beginning."""
    await tx.execute(
        update(jobs)
        .where(jobs.c.key == key, jobs.c.status == "failed")
        .values(status="waiting", due_at=due_at, lease_until=0, attempts=0)
    )


async def counts(connection: AsyncConnection, now: int) -> Counts:
    """What waits, is due, has failed; for ``/healthz`` and ``/metrics``."""
    rows = await connection.execute(
        select(jobs.c.status, func.count().label("many"))
        .where(jobs.c.status.in_(("waiting", "failed")))
        .group_by(jobs.c.status)
    )
    by_status = {row.status: row.many for row in rows}
    due, oldest = (
        await connection.execute(
            select(func.count(), func.min(jobs.c.due_at)).where(_WAITING, jobs.c.due_at <= now)
        )
    ).one()
    return Counts(
        waiting=by_status.get("waiting", 0),
        due=due,
        failed=by_status.get("failed", 0),
        lag_ms=now - oldest if oldest is not None else 0,
    )


async def failed(connection: AsyncConnection, kind: str | None = None) -> list[tuple[Job, str]]:
    """Jobs that were given up, with the code of the last error."""
    query = select(jobs).where(jobs.c.status == "failed").order_by(jobs.c.due_at)
    if kind is not None:
        query = query.where(jobs.c.kind == kind)
    return [(_job(row), row.error or "") for row in await connection.execute(query)]


def _due(now: int, kinds: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return (_WAITING, jobs.c.due_at <= now, jobs.c.lease_until <= now, jobs.c.kind.in_(kinds))


async def any_due(connection: AsyncConnection, now: int, kinds: Collection[str]) -> bool:
    """Looks without writing, so that an idle runner costs no transaction."""
    found = await connection.execute(select(jobs.c.id).where(*_due(now, kinds)).limit(1))
    return found.first() is not None


async def claim(tx: AsyncConnection, now: int, kinds: Collection[str]) -> Claimed | None:
    """Lease the job of these kinds that is due longest; None when there is none.

    PostgreSQL skips those another runner is claiming; the inner query is a scalar one, so that it
    runs once and locks one row. A kind this release does not know is left to one that does.
    """
    oldest = (
        select(jobs.c.id)
        .where(*_due(now, kinds))
        .order_by(jobs.c.due_at, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    row = (
        await tx.execute(
            update(jobs)
            .where(jobs.c.id == oldest)
            .values(
                lease_until=now + LEASE_MS, fence=jobs.c.fence + 1, attempts=jobs.c.attempts + 1
            )
            .returning(*jobs.c)
        )
    ).one_or_none()
    return Claimed(_job(row), row.fence, row.attempts) if row is not None else None


async def finish(tx: AsyncConnection, claimed: Claimed, now: int) -> None:
    """Mark it done in the effect's transaction; raises :class:`LeaseLost` under an old fence."""
    done = await tx.execute(
        update(jobs)
        .where(jobs.c.id == claimed.job.id, jobs.c.fence == claimed.fence)
        .values(status="done", done_at=now, error=None)
    )
    if done.rowcount != 1:
        raise LeaseLost


async def put_back(tx: AsyncConnection, claimed: Claimed, now: int, code: str) -> bool:
    """It failed: try again later, or give it up after :data:`TRIES`. Returns whether given up."""
    over = claimed.attempts >= TRIES
    values: dict[str, Any] = {"error": code, "lease_until": 0}
    if over:
        values["status"] = "failed"
        values["done_at"] = now
    else:
        values["lease_until"] = now + wait_after(claimed.attempts)
    await tx.execute(_mine(claimed).values(**values))
    return over


async def release(tx: AsyncConnection, claimed: Claimed, now: int, code: str) -> None:
    """The database was unavailable: no fault of the job, so this try does not count."""
    await tx.execute(
        _mine(claimed).values(
            error=code, attempts=jobs.c.attempts - 1, lease_until=now + UNAVAILABLE_MS
        )
    )


def _mine(claimed: Claimed) -> Any:
    return update(jobs).where(jobs.c.id == claimed.job.id, jobs.c.fence == claimed.fence, _WAITING)


def _job(row: Any) -> Job:
    return Job(row.id, row.kind, row.key, row.subject, row.due_at)
