"""Files that nobody named, and objects that nobody knows: both go after a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy import or_, select

from backend.ambient import DAY
from backend.database.tables import file_garbage, media
from backend.media.removing import collect, remove_files

if TYPE_CHECKING:
    from backend.relais import Relais

UNNAMED: Final = DAY
"""How long a file waits for the turn that names it."""
_AT_ONCE: Final = 200
_FEW: Final = 20
_log: Final[Any] = structlog.get_logger("relais.media")


class FilesWithoutRows(Exception):
    """Most objects of the store have no row here. Nothing was removed: is it the right database?"""

    code = "files_without_rows"


async def drop_unnamed(relais: Relais) -> None:
    """Uploaded, and never named by a turn; and whatever still waits to be removed."""
    late = relais.world.now() - UNNAMED
    waiting = (media.c.conversation_id.is_(None), media.c.case_id.is_(None))
    async with relais.db.write() as tx:
        await remove_files(tx, relais.world, (media.c.created_at <= late) & waiting[0] & waiting[1])
    await collect(relais)


async def sweep_store(relais: Relais) -> None:
    """Remove objects older than a day that no row knows: somebody was killed before writing it.

    When that would be most of the store, nothing is removed and :class:`FilesWithoutRows` is
    raised: this is another installation's store, or a database that was restored or replaced.
    """
    late = relais.world.now() - UNNAMED
    known, unknown, batch = 0, [], []
    async for path, written in relais.files.listed():
        if written > late:
            continue
        batch.append(path)
        if len(batch) == _AT_ONCE:
            strangers = await _without_row(relais, batch)
            known += len(batch) - len(strangers)
            unknown += strangers
            batch = []
    strangers = await _without_row(relais, batch)
    known += len(batch) - len(strangers)
    unknown += strangers
    if len(unknown) > max(_FEW, known):
        raise FilesWithoutRows
    for path in unknown:
        await relais.files.delete(path)
    unfinished = await relais.files.clear_unfinished(late)
    if unknown or unfinished:
        _log.info("files_swept", objects=len(unknown), unfinished=unfinished)


async def _without_row(relais: Relais, paths: list[str]) -> list[str]:
    if not paths:
        return []
    async with relais.db.read() as connection:
        named = await connection.execute(
            select(media.c.path, media.c.preview_path).where(
                or_(media.c.path.in_(paths), media.c.preview_path.in_(paths))
            )
        )
        known = {path for row in named for path in row}
        waiting = await connection.execute(
            select(file_garbage.c.path).where(file_garbage.c.path.in_(paths))
        )
        known |= set(waiting.scalars())
    return [path for path in paths if path not in known]
