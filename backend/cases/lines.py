"""Tonight's lists: what a member may know that exists, by code, need, urgency and area only."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.sessions import SignedIn
from backend.ambient import iso
from backend.cases.routing import Routing, load_routing
from backend.cases.schemas import CaseLine, Tonight
from backend.database.tables import alerts, areas, cases, grants, members
from backend.relais import Relais

_URGENCY: Final = {"urgent": 0, "high": 1, "normal": 2}
_TAKER: Final = members.alias("taker")
LINE: Final = select(cases, _TAKER.c.name.label("taker_name")).outerjoin(
    _TAKER, _TAKER.c.id == cases.c.taker_id
)
"""Rows that :class:`Liner` turns into lines."""


def alerted(member_id: str) -> ColumnElement[bool]:
    """The member's alert about this case, in this round, is still open."""
    return exists().where(
        alerts.c.case_id == cases.c.id,
        alerts.c.round == cases.c.round,
        alerts.c.member_id == member_id,
        alerts.c.status == "open",
    )


def holding(member_id: str) -> ColumnElement[bool]:
    """The member holds a key of this case. An excluded organisation's members never do."""
    return exists().where(grants.c.case_id == cases.c.id, grants.c.holder == member_id)


@dataclass(frozen=True, slots=True)
class Liner:
    """Turns rows into lines for one member. ``area_names``: area id -> name in her language."""

    relais: Relais
    member: SignedIn
    area_names: dict[str, str]

    def line(self, row: Any) -> CaseLine:
        """One case, without anything sealed."""
        routing = self._routing(row)
        return CaseLine(
            id=row.id,
            code=row.code,
            status=row.status,
            urgency=routing.urgency,
            needs=list(routing.needs),
            area=self.area_names.get(routing.area, routing.area),
            deadline=iso(row.deadline_at) if row.deadline_at is not None else None,
            taker=row.taker_name,
            created_at=iso(row.created_at),
            mine=row.taker_id == self.member.id,
            answered=row.answered_at is not None,
        )

    def _routing(self, row: Any) -> Routing:
        if row.routing_sealed is None:
            return Routing()
        return load_routing(
            self.relais.vault.keyring.open(
                "routing", row.routing_sealed, "cases", "routing", row.id
            )
        )


def without_brief(line: CaseLine) -> CaseLine:
    """For one who is not to read the brief: code and state, not what is needed, how soon, where."""
    return line.model_copy(update={"urgency": "normal", "needs": [], "area": ""})


async def liner(connection: AsyncConnection, relais: Relais, member: SignedIn) -> Liner:
    """For this member and her language."""
    rows = await connection.execute(select(areas.c.id, areas.c.names))
    names = {row.id: _name(row.names, member.locale) or row.id for row in rows}
    return Liner(relais, member, names)


def _name(names: dict[str, str], locale: str) -> str | None:
    for one in (locale, locale.partition("-")[0], "en", ""):
        if one in names:
            return names[one]
    return next(iter(names.values()), None)


async def tonight(connection: AsyncConnection, relais: Relais, member: SignedIn) -> Tonight:
    """What is open to her, what is hers, and accounts that came without a request for help."""
    coordinator = "coordinator" in member.roles
    may_know = alerted(member.id)
    if coordinator:
        may_know = or_(may_know, holding(member.id))
    to_lines = await liner(connection, relais, member)
    lists = [
        await _lines(connection, to_lines, condition)
        for condition in (
            and_(cases.c.status == "open", may_know),
            and_(cases.c.status == "taken", cases.c.taker_id == member.id),
            and_(
                cases.c.status == "silent",
                cases.c.account_served.is_(True),
                holding(member.id) if coordinator else false(),
            ),
        )
    ]
    return Tonight(open=lists[0], mine=lists[1], accounts=lists[2], now=iso(relais.world.now()))


async def _lines(
    connection: AsyncConnection, to_lines: Liner, condition: ColumnElement[bool]
) -> list[CaseLine]:
    rows = await connection.execute(LINE.where(condition).order_by(cases.c.created_at, cases.c.id))
    lines = [to_lines.line(row) for row in rows]
    return sorted(lines, key=lambda one: (_URGENCY.get(one.urgency, 3), one.created_at))
