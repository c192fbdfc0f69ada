"""Marks for keys and items of cases that an earlier version made, which had none."""

import asyncio
import os
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, update

from backend.database import Database
from backend.database.tables import compartments, items
from backend.vault.day_files import sync_directory
from backend.vault.genuine import item_mark, mark_of
from backend.vault.keyring import Keyring

_DONE: Final = "marks-made"
"""Beside the draft keys: from then on nothing is marked by itself."""


async def vouch_once(database: Database, keyring: Keyring, directory: Path) -> int:
    """At the first start with marks: what lies there is this server's, as far as anybody knows.

    Never again after that: what lacks a mark then was put there by somebody else.
    """
    if await asyncio.to_thread((directory / _DONE).exists):
        return 0
    count = await vouch(database, keyring)
    await asyncio.to_thread(_note, directory)
    return count


def _note(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(directory / _DONE, os.O_CREAT | os.O_WRONLY, 0o600))
    sync_directory(directory)


async def vouch(database: Database, keyring: Keyring) -> int:
    """Mark what has no mark; how many that were. A wrong mark stays wrong."""
    async with database.write() as tx:
        keys = (await tx.execute(select(compartments).where(compartments.c.mark.is_(None)))).all()
        for row in keys:
            mark = mark_of(keyring, row.case_id, row.name, row.generation, row.public)
            await tx.execute(
                update(compartments)
                .where(
                    compartments.c.case_id == row.case_id,
                    compartments.c.name == row.name,
                    compartments.c.generation == row.generation,
                )
                .values(mark=mark)
            )
        theirs: Any = (await tx.execute(select(items).where(items.c.mark.is_(None)))).all()
        for row in theirs:
            mark = item_mark(keyring, dict(row._mapping))
            await tx.execute(update(items).where(items.c.id == row.id).values(mark=mark))
    return len(keys) + len(theirs)
