"""Finding lines of both logs: what an auditor asks for, newest first, however old it is."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.cases.history import ABOUT, LOOK, SORTS, Sort
from backend.database.tables import case_log, cases, members, people_log

Condition = ColumnElement[bool]
_ID: Final = 32


class Search(BaseModel):
    """Everything that is given must be so. ``before``: as the page before said."""

    before: Annotated[str, Field(pattern=r"^(\d{1,15}-[0-9a-f]{32})?$")] = ""
    case: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9]{0,8}$", description="The code of a case.")
    ] = ""
    member: Annotated[
        str,
        Field(
            pattern=r"^[^\x00-\x1f]{0,64}$",
            description="The name of who did it, or whom it is about.",
        ),
    ] = ""
    sort: Annotated[Sort | None, Field(description="One sort of events.")] = None
    look: Annotated[bool, Field(description="Only what needs a look.")] = False


async def find_lines(connection: AsyncConnection, search: Search, most: int) -> list[Any]:
    """Rows of both logs, newest first, at most so many."""
    ids = await _ids(connection, search.member) if search.member else None
    found = [
        row
        for log, query, walks in (_of_cases(search, ids), _of_people(search, ids))
        for walk in walks
        for row in await _newest(connection, log, query.where(walk), search.before, most)
    ]
    each = {row.id: row for row in found}.values()  # two walks may meet one line
    return sorted(each, key=lambda row: (row.at, row.id), reverse=True)[:most]


async def _ids(connection: AsyncConnection, name: str) -> list[str]:
    """Of the member of this name, before and after a reset."""
    found = await connection.execute(select(members.c.id).where(members.c.name == name))
    return list(found.scalars())


_Way = tuple[Table, Select[Any], Sequence[Condition]]
"""A log, the query with every condition, and conditions that cover it, each with an index."""


def _of_cases(search: Search, ids: Collection[str] | None) -> _Way:
    query = (
        select(case_log, cases.c.code, members.c.name.label("member_name"))
        .join(cases, cases.c.id == case_log.c.case_id)
        .outerjoin(members, members.c.id == case_log.c.member_id)
    )
    kind, another = case_log.c.kind, case_log.c.of_another.is_not(None)
    walks: list[Condition] = [true()]
    # What is rarest leads: each that follows takes the way from the one before.
    if search.sort is not None:
        query = query.where(kind.in_(SORTS[search.sort]))
        walks = [kind == one for one in SORTS[search.sort]]
    if ids is not None:
        about = and_(kind.in_(ABOUT), func.substr(case_log.c.detail, 1, _ID).in_(ids))
        query = query.where(or_(case_log.c.member_id.in_(ids), about))
        walks = [case_log.c.member_id.in_(ids), *(kind == one for one in ABOUT)]
    if search.look:
        query = query.where(or_(kind.in_(LOOK), another))
        walks = [another, *(kind == one for one in LOOK)]
    if search.case:
        query = query.where(cases.c.code == search.case.upper())
        walks = [true()]
    return case_log, query, walks


def _of_people(search: Search, ids: Collection[str] | None) -> _Way:
    """A few lines a month: its index by time serves all."""
    query = select(people_log, members.c.name.label("member_name")).outerjoin(
        members, members.c.id == people_log.c.member_id
    )
    if search.look:
        query = query.where(people_log.c.kind.in_(LOOK))
    if ids is not None:
        query = query.where(or_(people_log.c.member_id.in_(ids), people_log.c.subject_id.in_(ids)))
    none = search.case or search.sort not in {None, "members"}
    return people_log, query, [] if none else [true()]


async def _newest(
    connection: AsyncConnection, log: Table, query: Select[Any], before: str, most: int
) -> list[Any]:
    query = query.order_by(log.c.at.desc(), log.c.id.desc()).limit(most)
    if before:
        at, _, last = before.partition("-")
        query = query.where(tuple_(log.c.at, log.c.id) < tuple_(int(at), last))
    return list((await connection.execute(query)).all())
