"""The history of every case, for auditors: codes, names of members, reasons; nothing she told."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.guard import Auditor, Here, same_site
from backend.ambient import iso
from backend.database.tables import case_log, cases, members
from backend.http import ERRORS
from backend.relais import Relais
from sealing import SealError

AT_ONCE: Final = 100
router = APIRouter(
    prefix="/v1", tags=["audit"], dependencies=[Depends(same_site)], responses=ERRORS
)
Before = Annotated[str, Query(pattern=r"^(\d{1,15}-[0-9a-f]{32})?$")]


class AuditLine(BaseModel):
    """One event. ``to``: who was given a key; ``reason``: what was said for it."""

    at: str
    case: str
    kind: str
    member: str | None
    to: str | None
    detail: str
    reason: str


class AuditOut(BaseModel):
    """Newest first. ``before``: ask with it for the earlier ones; empty when there are none."""

    lines: list[AuditLine]
    before: str


@router.get("/audit")
async def read_audit(_: Auditor, relais: Here, before: Before = "") -> AuditOut:
    """What was done with cases: alerted, taken, served, granted, recovered, closed."""
    async with relais.db.read() as connection:
        rows = await _rows(connection, before)
        names = await _holders(connection, rows)
    lines = [_line(relais, row, names) for row in rows[:AT_ONCE]]
    more = f"{rows[AT_ONCE - 1].at}-{rows[AT_ONCE - 1].id}" if len(rows) > AT_ONCE else ""
    return AuditOut(lines=lines, before=more)


async def _rows(connection: AsyncConnection, before: str) -> list[Any]:
    query = (
        select(case_log, cases.c.code, members.c.name.label("member_name"))
        .join(cases, cases.c.id == case_log.c.case_id)
        .outerjoin(members, members.c.id == case_log.c.member_id)
        .order_by(case_log.c.at.desc(), case_log.c.id.desc())
        .limit(AT_ONCE + 1)
    )
    if before:
        at, _, last = before.partition("-")
        earlier = case_log.c.at < int(at)
        same = and_(case_log.c.at == int(at), case_log.c.id < last)
        query = query.where(or_(earlier, same))
    return list((await connection.execute(query)).all())


async def _holders(connection: AsyncConnection, rows: list[Any]) -> dict[str, str]:
    """Names of the members that details begin with, by id."""
    ids = {row.detail.partition(":")[0] for row in rows}
    found = await connection.execute(
        select(members.c.id, members.c.name).where(members.c.id.in_(ids))
    )
    return {row.id: row.name for row in found}


def _line(relais: Relais, row: Any, names: dict[str, str]) -> AuditLine:
    holder, _, rest = row.detail.partition(":")
    to = names.get(holder)
    return AuditLine(
        at=iso(row.at),
        case=row.code,
        kind=row.kind,
        member=row.member_name,
        to=to,
        detail=row.detail if to is None else rest,
        reason=_reason(relais, row),
    )


def _reason(relais: Relais, row: Any) -> str:
    if row.reason_sealed is None:
        return ""
    try:
        place = ("case_log", "reason", row.id)
        return relais.vault.keyring.open("members", row.reason_sealed, *place).decode()
    except SealError:
        return "?"
