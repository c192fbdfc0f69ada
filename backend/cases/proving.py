"""What can be shown of an erasure: a signed record of codes, moments and numbers, no word of hers.

Looked up in the database as it is now, so that the record says what is left and not what was meant
to happen. It speaks of this database alone: copies that somebody else keeps are named, not proven.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, or_, select

from backend.ambient import iso, moment
from backend.cases.erasing import numbers
from backend.cases.history import ERASED
from backend.cases.stones import read_tombstones
from backend.database.tables import (
    alerts,
    case_log,
    cases,
    compartments,
    conversations,
    earlier_cases,
    file_garbage,
    grants,
    items,
    media,
    referrals,
    return_codes,
)
from backend.errors import ConfigurationError
from backend.vault.draft_keys import dark_from
from sealing import SigningKey, verify

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.ambient import World
    from backend.database import Database
    from backend.settings import Settings
    from backend.vault import DraftKeys

PURPOSE: Final = "erasure-proof"
_OF_CASE: Final = (grants, items, compartments, media, earlier_cases, return_codes)
NOT_SHOWN: Final = (
    "backups from before the erasure, which holders of the case's keys can open",
    "what a member wrote down elsewhere",
    "what the messenger and the phones keep",
)
"""What no record of this server can speak of."""


@dataclass(frozen=True, slots=True)
class Found:
    """``record`` goes out, signed; ``wrong``: what ought not to be so, in words."""

    record: dict[str, Any]
    wrong: list[str]


async def prove(
    db: Database, drafts: DraftKeys, settings: Settings, world: World, case: str
) -> Found:
    """Look whether the case of this code or id is gone, and say so.

    Raises :class:`ConfigurationError` when there is no such case, or it was not erased.
    """
    stones = read_tombstones(settings.data_dir)
    async with db.read() as connection:
        row = await _erased_case(connection, case, stones)
        left = await _left(connection, row)
        history = await _history(connection, row.id)
        removing = await _count(connection, file_garbage)
    days = _days(drafts, settings, world, row)
    record = {
        "what": "erasure of a case in Relais",
        "operator": settings.operator,
        "case": row.code,
        "id": row.id,
        "looked_at": iso(world.now()),
        "erased": _erasures(row, history),
        "left": left,
        "files_being_removed": removing,
        "kept": {"history_lines": len(history), "what": "who opened it or was given a key, when"},
        "draft_keys": days,
        "tombstone": row.id in stones,
        "not_shown": list(NOT_SHOWN),
    }
    return Found(record, _wrong(record, world.day()))


async def _erased_case(connection: AsyncConnection, case: str, stones: list[str]) -> Any:
    named = or_(cases.c.code == case.upper(), cases.c.id == case.lower())
    row = (await connection.execute(select(cases).where(named))).one_or_none()
    if row is None and case.lower() in stones:
        raise ConfigurationError(
            f"this database does not know {case}; its id stands among the tombstones, "
            "so it was erased here or in another database of this installation"
        )
    if row is None:
        raise ConfigurationError(f"no case has the code or id {case}")
    if row.status == "erasing":
        raise ConfigurationError(f"case {row.code} is erased at {iso(row.erase_at)}, not before")
    if row.status != "erased":
        raise ConfigurationError(f"case {row.code} was not erased: it is {row.status}")
    return row


async def _left(connection: AsyncConnection, row: Any) -> dict[str, int]:
    """Rows that still belong to the case, and sealed values in its own row: all 0 when it is gone.

    ``chats``: conversations, with an address, that lead to it.
    """
    found = {
        table.name: await _count(connection, table, table.c.case_id == row.id) for table in _OF_CASE
    }
    found["chats"] = await _count(connection, conversations, conversations.c.case_id == row.id)
    words = (referrals.c.consent_sealed, referrals.c.note_sealed, referrals.c.answer_sealed)
    said = or_(*(one.is_not(None) for one in words))
    found["referral_words"] = await _count(
        connection, referrals, (referrals.c.case_id == row.id) & said
    )
    sealed = (row.routing_sealed, row.remembered_sealed)
    found["facts"] = sum(value is not None for value in sealed)
    found["reasons"] = await _count(
        connection, case_log, case_log.c.case_id == row.id, case_log.c.reason_sealed.is_not(None)
    )
    found["open_alerts"] = await _count(
        connection, alerts, alerts.c.case_id == row.id, alerts.c.status == "open"
    )
    return found


async def _count(connection: AsyncConnection, table: Any, *which: Any) -> int:
    found = await connection.execute(select(func.count()).select_from(table).where(*which))
    return int(found.scalar_one())


async def _history(connection: AsyncConnection, case_id: str) -> list[Any]:
    query = select(case_log).where(case_log.c.case_id == case_id)
    return list((await connection.execute(query.order_by(case_log.c.at, case_log.c.id))).all())


def _erasures(row: Any, history: list[Any]) -> list[dict[str, Any]]:
    """When, and how many rows went; more than one after a restored backup was erased again.

    What earlier versions erased has no numbers.
    """
    found = [
        {"at": iso(line.at), "destroyed": numbers(line.detail)}
        for line in history
        if line.kind == ERASED
    ]
    return found or [{"at": iso(row.closed_at), "destroyed": {}}]


def _days(drafts: DraftKeys, settings: Settings, world: World, row: Any) -> dict[str, Any]:
    """Of which days the draft keys still live that any word of hers could be sealed under."""
    last = moment(row.closed_at or world.now()).date().isoformat()
    living = [day for day in drafts.days() if day <= last]
    return {
        "from": moment(row.created_at).date().isoformat(),
        "to": last,
        "living": living,
        "all_destroyed": not living,
        "dark_on": dark_from(last, settings.idle_hours),
    }


def _wrong(record: dict[str, Any], today: str) -> list[str]:
    wrong = [f"{many} {name} are left" for name, many in record["left"].items() if many]
    if not record["tombstone"]:
        wrong.append("there is no tombstone: a restored backup would bring the case back")
    if record["draft_keys"]["living"] and today > record["draft_keys"]["dark_on"]:
        wrong.append("draft keys of its days ought to be destroyed by now: do the jobs run?")
    return wrong


def signed(record: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    """The record with the server's signature, as it is handed out."""
    return {
        "record": record,
        "signer": base64.b64encode(key.public).decode(),
        "signature": base64.b64encode(key.sign(PURPOSE, _canonical(record))).decode(),
    }


def is_signed(proof: dict[str, Any]) -> bool:
    """Whether the record is as its signer wrote it. Who that is has to be known elsewhere."""
    try:
        signer, signature = (
            base64.b64decode(proof[name], validate=True) for name in ("signer", "signature")
        )
        return verify(signer, PURPOSE, _canonical(proof["record"]), signature)
    except (KeyError, TypeError, ValueError):
        return False


def read_proof(path: Path) -> dict[str, Any]:
    """A proof from its file. Raises :class:`ConfigurationError` when it is none."""
    try:
        proof: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if isinstance(proof["record"], dict) and isinstance(proof["signer"], str):
            return proof
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise ConfigurationError(f"{path.name} is no record of `relais erasure proof --json`")


def _canonical(record: dict[str, Any]) -> bytes:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
