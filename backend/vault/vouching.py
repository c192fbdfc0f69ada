"""Marks for rows that an earlier version made, which had none."""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table, and_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.chats import MARKED, link_mark
from backend.database import Database
from backend.database.tables import compartments, items
from backend.errors import ConfigurationError
from backend.vault.day_files import sync_directory
from backend.vault.genuine import item_mark, mark_of
from backend.vault.keyring import Keyring

Mark = Callable[[Keyring, Mapping[Any, Any]], bytes]

_SEALED: Final[dict[Table, Mark]] = {
    compartments: lambda keyring, row: mark_of(
        keyring, row["case_id"], row["name"], row["generation"], row["public"]
    ),
    items: item_mark,
}


def _links(table: Table) -> Mark:
    return lambda keyring, row: link_mark(keyring, table, row)


_LINKS: Final[dict[Table, Mark]] = {table: _links(table) for table in MARKED}
_LATCHES: Final = {"marks-made": _SEALED, "links-made": _LINKS}
"""Files beside the draft keys: once there, nothing of these tables is marked by itself."""
_SINCE: Final = {"marks-made": "0007", "links-made": "0008"}
"""The migrations that made place for them."""
_AT_ONCE: Final = 500


async def vouch_once(database: Database, keyring: Keyring, directory: Path) -> int:
    """At the first start with marks: what lies there is this server's, as far as anybody knows.

    Never again after that: what lacks a mark then was put there by somebody else.
    """
    count = 0
    for name, tables in _LATCHES.items():
        if not await asyncio.to_thread((directory / name).exists):
            count += await _vouch(database, keyring, tables)
            await asyncio.to_thread(_note, directory, name)
    return count


async def hold_restored(revision: str | None, directory: Path) -> None:
    """Refuse a database of before marks that was put back where marks were made.

    Its chats would lead nowhere, and what was to be erased later would lose its codes. Raises
    :class:`ConfigurationError` with what to do.
    """
    for name, since in _SINCE.items():
        older = revision is not None and revision < since
        if older and await asyncio.to_thread((directory / name).exists):
            raise ConfigurationError(
                "this database is of before its rows were marked: if you put back a backup of "
                "before this version, run `relais keys vouch`, then start again"
            )


def _note(directory: Path, name: str) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(directory / name, os.O_CREAT | os.O_WRONLY, 0o600))
    sync_directory(directory)


async def vouch(database: Database, keyring: Keyring) -> int:
    """Mark what has no mark; how many that were. A wrong mark stays wrong."""
    return await _vouch(database, keyring, _SEALED | _LINKS)


async def _vouch(database: Database, keyring: Keyring, tables: dict[Table, Mark]) -> int:
    count = 0
    for table, mark in tables.items():
        last: tuple[Any, ...] = ()
        while True:
            async with database.write() as tx:
                done = await _some(tx, keyring, table, mark, last)
            if not done:
                break
            count += len(done)
            last = done[-1]
    return count


async def _some(
    tx: AsyncConnection, keyring: Keyring, table: Table, mark: Mark, last: tuple[Any, ...]
) -> list[tuple[Any, ...]]:
    """The next few rows, in a transaction of their own: there may be a million. Their keys."""
    key = list(table.primary_key.columns)
    bare = select(table).where(table.c.mark.is_(None)).order_by(*key).limit(_AT_ONCE)
    if last:
        bare = bare.where(tuple_(*key) > last)
    rows = (await tx.execute(bare.with_for_update())).mappings().all()
    for row in rows:
        this = and_(*(column == row[column.name] for column in key))
        await tx.execute(update(table).where(this).values(mark=mark(keyring, row)))
    return [tuple(row[column.name] for column in key) for row in rows]
