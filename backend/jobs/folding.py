"""What was deleted leaves SQLite's write-ahead log, too: soon after an erasure, else hourly.

Pages that a deletion emptied are overwritten in the file, but the log goes on holding the rows as
they were until it is emptied. While a backup reads in it the job is put off by seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from backend.jobs.job import Aside, Job
from backend.jobs.queue import schedule

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.ambient import World
    from backend.relais import Relais

FOLD_JOB: Final = "database.fold"


async def fold_soon(tx: AsyncConnection, world: World) -> None:
    """Empty the log once this transaction is committed."""
    await schedule(
        tx,
        world,
        kind=FOLD_JOB,
        key=f"{FOLD_JOB}:{world.new_id()}",
        subject="database",
        due_at=world.now(),
    )


async def fold(relais: Relais) -> None:
    """Empty it now."""
    await relais.db.fold()


async def _fold(relais: Relais, _job: Job) -> None:
    await fold(relais)


HANDLERS: Final[dict[str, Any]] = {FOLD_JOB: Aside(_fold)}
