"""Tombstones: ids of cases that were erased, in a file outside the database.

Every start reads the file before anything is served, so that a database that was put back brings
no erased case back. Ids are random: the file tells nothing about a person.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import select

from backend.cases.erasing import erase_case
from backend.database.tables import cases
from backend.errors import ConfigurationError
from backend.vault.day_files import sync_directory

if TYPE_CHECKING:
    from pathlib import Path

    from backend.relais import Relais

NAME: Final = "tombstones.txt"
_ID: Final = re.compile(r"[0-9a-f]{32}")
_AT_ONCE: Final = 500
_log: Final = structlog.get_logger(__name__)


def write_tombstone(data_dir: Path, case_id: str) -> None:
    """Append the id (fsync)."""
    path = data_dir / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # A line that a crash cut short ends here, and does not spoil this one.
        os.write(descriptor, f"\n{case_id}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync_directory(path.parent)


def read_tombstones(data_dir: Path) -> set[str]:
    """Every id in the file; a line that a crash cut short is no id.

    Raises :class:`ConfigurationError` when the file is there and cannot be read.
    """
    try:
        text = (data_dir / NAME).read_text("ascii", errors="replace")
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise ConfigurationError(
            f"{NAME} cannot be read: cases that were erased might come back; see docs/operators.md"
        ) from error
    return {line for line in text.splitlines() if _ID.fullmatch(line)}


async def replay_tombstones(relais: Relais) -> int:
    """Erase again whatever has a stone and lives in the database; returns how many that were."""
    stones = sorted(read_tombstones(relais.settings.data_dir))
    again = 0
    for start in range(0, len(stones), _AT_ONCE):
        async with relais.db.write() as tx:
            rows = await tx.execute(
                select(cases.c.id)
                .where(cases.c.id.in_(stones[start : start + _AT_ONCE]), cases.c.status != "erased")
                .order_by(cases.c.id)
                .with_for_update()
            )
            for case_id in rows.scalars().all():
                await erase_case(tx, relais, case_id)
                again += 1
    if again:
        _log.warning("erased_again", cases=again)
    return again
