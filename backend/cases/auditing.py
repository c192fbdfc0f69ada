"""What was done with cases and to members, for auditors: codes, names, reasons; no word of hers."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.guard import Auditor, Here, same_site
from backend.accounts.people_log import write_down
from backend.ambient import DAY, iso
from backend.cases.audit_search import Search, find_lines
from backend.cases.history import ABOUT, LOOK
from backend.database.tables import members, people_log
from backend.http import ERRORS
from backend.relais import Relais
from sealing import SealError

AT_ONCE: Final = 100
router = APIRouter(
    prefix="/v1", tags=["audit"], dependencies=[Depends(same_site)], responses=ERRORS
)


class AuditLine(BaseModel):
    """One event. ``case``: its code, empty where it is about a member.

    ``to``: who was given a key, or whom it is about; ``reason``: what was said for it; ``look``:
    somebody should ask why.
    """

    at: str
    case: str
    kind: str
    member: str | None
    to: str | None
    detail: str
    reason: str
    look: bool


class AuditOut(BaseModel):
    """Newest first. ``before``: ask with it for the earlier ones; empty when there are none.

    ``members``: with the first page, the name of everybody who is or was one.
    """

    lines: list[AuditLine]
    before: str
    members: list[str]


@router.get("/audit")
async def read_audit(
    auditor: Auditor, relais: Here, search: Annotated[Search, Query()]
) -> AuditOut:
    """What was done with cases and to members, the newest first.

    Of cases: keys made, alerted, taken, served, granted, recovered, closed; what was read or
    granted outlives an erasure. Of members: invited, enrolled, reset, removed, a new list signed.

    Reading is written down, too, once for each auditor and UTC day: who works on which case is
    known to nobody else, so that the others may ask who looked. A line for every page would bury
    what the log is for.
    """
    await _write_down_reading(relais, auditor.id)
    async with relais.db.read() as connection:
        rows = await find_lines(connection, search, AT_ONCE + 1)
        names = await _holders(connection, rows)
        everybody = [] if search.before else await _everybody(connection)
    lines = [_line(relais, row, names) for row in rows[:AT_ONCE]]
    more = f"{rows[AT_ONCE - 1].at}-{rows[AT_ONCE - 1].id}" if len(rows) > AT_ONCE else ""
    return AuditOut(lines=lines, before=more, members=everybody)


async def _write_down_reading(relais: Relais, auditor_id: str) -> None:
    async with relais.db.read() as connection:
        if await _read_today(connection, relais, auditor_id):
            return
    async with relais.db.write() as tx:
        # Of two pages asked for at once the second waits here.
        await tx.execute(select(members.c.id).where(members.c.id == auditor_id).with_for_update())
        if not await _read_today(tx, relais, auditor_id):
            await write_down(tx, relais.world, "audited", by=auditor_id)


async def _read_today(connection: AsyncConnection, relais: Relais, auditor_id: str) -> bool:
    now = relais.world.now()
    found = await connection.execute(
        select(people_log.c.id)
        .where(
            people_log.c.kind == "audited",
            people_log.c.member_id == auditor_id,
            people_log.c.at >= now - now % DAY,
        )
        .limit(1)
    )
    return found.first() is not None


async def _everybody(connection: AsyncConnection) -> list[str]:
    found = await connection.execute(select(members.c.name).distinct().order_by(members.c.name))
    return list(found.scalars())


async def _holders(connection: AsyncConnection, rows: list[Any]) -> dict[str, str]:
    """Names of the members that lines are about, by id."""
    ids = {_about(row) for row in rows}
    found = await connection.execute(
        select(members.c.id, members.c.name).where(members.c.id.in_(ids))
    )
    return {row.id: row.name for row in found}


def _of_a_case(row: Any) -> bool:
    return hasattr(row, "case_id")


def _about(row: Any) -> str:
    """The id of the member whom a line is about, if it is about one."""
    if not _of_a_case(row):
        return str(row.subject_id or "")
    return str(row.detail.partition(":")[0]) if row.kind in ABOUT else ""


def _line(relais: Relais, row: Any, names: dict[str, str]) -> AuditLine:
    of_a_case = _of_a_case(row)
    return AuditLine(
        at=iso(row.at),
        case=row.code if of_a_case else "",
        kind=row.kind,
        member=row.member_name,
        to=names.get(_about(row)),
        detail=_detail(row),
        reason=_reason(relais, row) if of_a_case else "",
        look=row.kind in LOOK or (of_a_case and row.of_another is not None),
    )


def _detail(row: Any) -> str:
    """What the sentence of its kind needs, and no urgency of hers."""
    if row.kind == "asked_again":
        return ""
    return str(row.detail.partition(":")[2] if row.kind in ABOUT else row.detail)


def _reason(relais: Relais, row: Any) -> str:
    if row.reason_sealed is None:
        return ""
    try:
        place = ("case_log", "reason", row.id)
        return relais.vault.keyring.open("members", row.reason_sealed, *place).decode()
    except SealError:
        return "?"
