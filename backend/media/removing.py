"""Removing files: the row in a transaction, the bytes after its commit, whatever is killed.

The names of the objects go into ``file_garbage`` in the transaction that deletes the rows, together
with a job; names stay there until the store has let go of the objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from backend.database.tables import file_garbage, media
from backend.jobs.job import Aside, Job
from backend.jobs.queue import schedule

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.ambient import World
    from backend.relais import Relais

COLLECT_JOB: Final = "files.collect"
_AT_ONCE: Final = 100


async def remove_files(tx: AsyncConnection, world: World, which: ColumnElement[bool]) -> int:
    """Delete the rows that ``which`` chooses of ``media``, and have their bytes removed.

    Returns how many files there were.
    """
    gone = await tx.execute(
        delete(media).where(which).returning(media.c.path, media.c.preview_path)
    )
    rows = gone.all()
    paths = [path for row in rows for path in row if path is not None]
    if paths:
        await discard_objects(tx, world, paths)
    return len(rows)


async def discard_objects(tx: AsyncConnection, world: World, paths: list[str]) -> None:
    """Have these objects removed once the transaction is committed."""
    now = world.now()
    await tx.execute(insert(file_garbage), [{"path": path, "since": now} for path in paths])
    await schedule(
        tx,
        world,
        kind=COLLECT_JOB,
        key=f"{COLLECT_JOB}:{world.new_id()}",
        subject="files",
        due_at=now,
    )


async def collect(relais: Relais) -> None:
    """Remove every object that waits for it. What fails is left for the next time."""
    while True:
        query = select(file_garbage.c.path).order_by(file_garbage.c.since).limit(_AT_ONCE)
        async with relais.db.read() as connection:
            paths = list((await connection.execute(query)).scalars())
        for path in paths:
            await relais.files.delete(path)
        if paths:
            async with relais.db.write() as tx:
                await tx.execute(delete(file_garbage).where(file_garbage.c.path.in_(paths)))
        if len(paths) < _AT_ONCE:
            return


async def _collect(relais: Relais, _job: Job) -> None:
    await collect(relais)


HANDLERS: Final[dict[str, Any]] = {COLLECT_JOB: Aside(_collect)}
