"""What was deleted leaves the database's files, too: a minute after an erasure, else daily.

SQLite overwrites deleted rows in its file once its write-ahead log is emptied, which holds them as
well. PostgreSQL leaves them in the table until it is vacuumed, which small tables wait for.
While a backup is in the way the job is put off by seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backend.ambient import MINUTE
from backend.jobs.job import Aside, Job
from backend.jobs.queue import schedule

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.ambient import World
    from backend.relais import Relais

FOLD_JOB: Final = "database.fold"


async def fold_soon(tx: AsyncConnection, world: World) -> None:
    """Let go of what this transaction deleted, at the end of this minute; once for all of it."""
    minute = world.now() // MINUTE + 1
    await schedule(
        tx,
        world,
        kind=FOLD_JOB,
        key=f"{FOLD_JOB}:{minute}",
        subject="database",
        due_at=minute * MINUTE,
    )


async def fold(relais: Relais) -> None:
    """Now."""
    await relais.db.fold()


async def _fold(relais: Relais, _job: Job) -> None:
    await fold(relais)


HANDLERS: Final[dict[str, Any]] = {FOLD_JOB: Aside(_fold)}
