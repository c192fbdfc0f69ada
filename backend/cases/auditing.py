"""What was done with cases and to members, for auditors: codes, names, reasons; no word of hers."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from sqlalchemy import Select, Table, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.guard import Auditor, Here, same_site
from backend.ambient import iso
from backend.database.tables import case_log, cases, members, people_log
from backend.http import ERRORS
from backend.relais import Relais
from sealing import SealError

AT_ONCE: Final = 100
router = APIRouter(
    prefix="/v1", tags=["audit"], dependencies=[Depends(same_site)], responses=ERRORS
)
Before = Annotated[str, Query(pattern=r"^(\d{1,15}-[0-9a-f]{32})?$")]


class AuditLine(BaseModel):
    """One event. ``case``: its code, empty where it is about a member.

    ``to``: who was given a key, or whom it is about; ``reason``: what was said for it.
    """

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
    """What was done with cases and to members, the newest first.

    Of cases: keys made, alerted, taken, served, granted, recovered, closed; what was read or
    granted outlives an erasure. Of members: invited, enrolled, reset, removed, a new list signed.
    """
    async with relais.db.read() as connection:
        rows = await _rows(connection, before)
        names = await _holders(connection, rows)
    lines = [_line(relais, row, names) for row in rows[:AT_ONCE]]
    more = f"{rows[AT_ONCE - 1].at}-{rows[AT_ONCE - 1].id}" if len(rows) > AT_ONCE else ""
    return AuditOut(lines=lines, before=more)


async def _rows(connection: AsyncConnection, before: str) -> list[Any]:
    name = members.c.name.label("member_name")
    of_cases = (
        select(case_log, cases.c.code, name)
        .join(cases, cases.c.id == case_log.c.case_id)
        .outerjoin(members, members.c.id == case_log.c.member_id)
    )
    of_people = select(people_log, name).outerjoin(members, members.c.id == people_log.c.member_id)
    found = [
        *await _newest(connection, of_cases, case_log, before),
        *await _newest(connection, of_people, people_log, before),
    ]
    return sorted(found, key=lambda row: (row.at, row.id), reverse=True)[: AT_ONCE + 1]


async def _newest(
    connection: AsyncConnection, query: Select[Any], log: Table, before: str
) -> list[Any]:
    query = query.order_by(log.c.at.desc(), log.c.id.desc()).limit(AT_ONCE + 1)
    if before:
        at, _, last = before.partition("-")
        earlier = log.c.at < int(at)
        same = and_(log.c.at == int(at), log.c.id < last)
        query = query.where(or_(earlier, same))
    return list((await connection.execute(query)).all())


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
    return str(row.detail.partition(":")[0] if _of_a_case(row) else row.subject_id or "")


def _line(relais: Relais, row: Any, names: dict[str, str]) -> AuditLine:
    to = names.get(_about(row))
    if not _of_a_case(row):
        return AuditLine(
            at=iso(row.at),
            case="",
            kind=row.kind,
            member=row.member_name,
            to=to,
            detail=row.detail,
            reason="",
        )
    rest = row.detail.partition(":")[2]
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
