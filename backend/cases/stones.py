"""Tombstones: ids of cases and chats that were erased, in a file outside the database.

Every start reads the file before anything is served, so that a database that was put back brings
nothing back that was erased. Ids are random: the file tells nothing about a person. A chat may go
on after it was erased, so its stone names the version of its row up to which all of it goes. A case
that is to be erased later has a stone with the moment, and another one if she undid it; the last
one counts.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import structlog
from sqlalchemy import select

from backend.cases.erasing import erase_case
from backend.cases.erasing_later import set_aside
from backend.cases.letting_go import erase_chat
from backend.database.tables import cases, conversations
from backend.errors import ConfigurationError
from backend.jobs.folding import fold_soon
from backend.vault.day_files import sync_directory

if TYPE_CHECKING:
    from pathlib import Path

    from backend.relais import Relais

NAME: Final = "tombstones.txt"
_ID: Final = re.compile(r"[0-9a-f]{32}(:\d{1,9}|@\d{1,15})?")
_UNDONE: Final = 0
_AT_ONCE: Final = 500
_log: Final = structlog.get_logger(__name__)


def chat_stone(conversation_id: str, version: int) -> str:
    """The stone of a chat: everything that its row said up to this version."""
    return f"{conversation_id}:{version}"


def later_stone(case_id: str, at: int) -> str:
    """The stone of a case that is erased then (milliseconds)."""
    return f"{case_id}@{at}"


def undone_stone(case_id: str) -> str:
    """She came back: the stone before this one holds no more."""
    return later_stone(case_id, _UNDONE)


def write_tombstone(data_dir: Path, stone: str) -> None:
    """Append a case's id or :func:`chat_stone` (fsync)."""
    path = data_dir / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # A line that a crash cut short ends here, and does not spoil this one.
        os.write(descriptor, f"\n{stone}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync_directory(path.parent)


def read_tombstones(data_dir: Path) -> list[str]:
    """Every stone in the file, the oldest first; a line that a crash cut short is no id.

    Raises :class:`ConfigurationError` when the file is there and cannot be read.
    """
    try:
        text = (data_dir / NAME).read_text("ascii", errors="replace")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigurationError(
            f"{NAME} cannot be read: cases that were erased might come back; see docs/operators.md"
        ) from error
    return [line for line in dict.fromkeys(text.splitlines()[::-1]) if _ID.fullmatch(line)][::-1]


async def replay_tombstones(relais: Relais) -> int:
    """Erase again whatever has a stone and lives in the database; returns how many that were."""
    found = read_tombstones(relais.settings.data_dir)
    at_once, later = _of_cases(found)
    again = await _replay_later(relais, later)  # their codes lie in the chats
    again += await _replay_chats(relais, _latest(found))
    again += await _replay_cases(relais, at_once)
    if again:
        _log.warning("erased_again", count=again)
        async with relais.db.write() as tx:
            await fold_soon(tx, relais.world)
    return again


def _of_cases(stones: list[str]) -> tuple[list[str], dict[str, int]]:
    """Cases that were erased, and those that are erased later, with the moment.

    The last line of each counts: one that was erased is never undone, so a bare line before an
    undoing is of an erasure that failed.
    """
    last: dict[str, str] = {}
    for one in stones:
        case_id, _, at = one.partition("@")
        if ":" not in one:
            last[case_id] = at
    erased = sorted(one for one, at in last.items() if not at)
    waiting = {one: int(at) for one, at in last.items() if at and int(at) != _UNDONE}
    return erased, waiting


async def _replay_later(relais: Relais, later: dict[str, int]) -> int:
    again = 0
    for case_id, at in sorted(later.items()):
        async with relais.db.write() as tx:
            query = select(cases.c.status).where(cases.c.id == case_id).with_for_update()
            status = (await tx.execute(query)).scalar_one_or_none()
            if status not in {None, "erasing", "erased"}:
                again += await set_aside(tx, relais, case_id, at) is not None
    return again


def _latest(stones: list[str]) -> dict[str, int]:
    """Of each chat the highest version that was erased."""
    found: dict[str, int] = {}
    for one in stones:
        chat, _, version = one.partition(":")
        if version:
            found[chat] = max(found.get(chat, 0), int(version))
    return found


async def _replay_chats(relais: Relais, versions: dict[str, int]) -> int:
    stones, again = list(versions), 0
    for start in range(0, len(stones), _AT_ONCE):
        async with relais.db.write() as tx:
            rows = await tx.execute(
                select(conversations.c.id, conversations.c.version)
                .where(conversations.c.id.in_(stones[start : start + _AT_ONCE]))
                .order_by(conversations.c.id)
                .with_for_update()
            )
            for row in rows.all():
                if row.version <= versions[row.id]:
                    await erase_chat(tx, relais, row)
                    again += 1
    return again


async def _replay_cases(relais: Relais, stones: list[str]) -> int:
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
    return again
