"""Handing out a file: its age header and its sealed bytes, to whom its items may be handed out."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.sessions import SignedIn
from backend.cases.reading import FREE, compartments_for, log_serving, not_yours, reader
from backend.database.tables import items, media
from backend.errors import RelaisError
from backend.media import FilesUnavailable
from backend.relais import Relais


@dataclass(frozen=True, slots=True)
class Served:
    """An age file as it leaves. ``size`` in bytes."""

    name: str
    size: int
    chunks: AsyncIterator[bytes]


async def serve_file(
    relais: Relais, member: SignedIn, case_id: str, file_id: str, reason: str, *, preview: bool
) -> Served:
    """Open it for this member and write that down.

    Raises 403 ``not_yours`` or ``reason_needed``, 404 ``no_preview`` or ``file_missing``, 503
    ``files_gone``.
    """
    async with relais.db.write() as tx:
        access = await reader(tx, relais, member, case_id, reason)
        case = access.row
        row = await _of_the_case(tx, case, file_id)
        if row is None or row.compartment not in await compartments_for(tx, access):
            raise not_yours()
        header, path = (row.preview_header, row.preview_path) if preview else (row.header, row.path)
        if header is None:
            raise RelaisError(404, "no_preview", "There is no cleaned image; get the file itself.")
        what = "preview" if preview else "file"
        await log_serving(tx, relais, member, access, f"{row.compartment} {what} {file_id}", reason)
    try:
        stored = await relais.files.open(path)
    except FileNotFoundError:
        raise RelaisError(
            404, "file_missing", "The store has lost this file. Restore it from its backup."
        ) from None
    except FilesUnavailable:
        raise RelaisError(
            503, "files_gone", "The store of files cannot be reached. Try again.", retry_after=5
        ) from None
    name = f"{file_id}-preview.age" if preview else f"{file_id}.age"
    return Served(name, len(header) + stored.size, _whole(header, stored.chunks))


async def _of_the_case(tx: AsyncConnection, case: Any, file_id: str) -> Any:
    waits = exists().where(items.c.case_id == case.id, items.c.slot == media.c.slot, ~FREE)
    found = await tx.execute(
        select(media).where(media.c.id == file_id, media.c.case_id == case.id, ~waits)
    )
    return found.one_or_none()


async def _whole(header: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield header
    async for chunk in chunks:
        yield chunk
