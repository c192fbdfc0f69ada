"""What alerting knows of a case: its row and the routing facts, opened from under the keyring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from backend.cases.routing import Routing, load_routing
from backend.database.tables import alerts, case_log, cases, grants, members

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais


RENEWED: Final = "renewed"
"""Of an alert: the round ended because she asked again, and the next one goes on from there."""


class RoutingGone(Exception):
    """The case has no routing facts any more: whom it may go to cannot be known."""

    code = "routing_gone"


@dataclass(frozen=True, slots=True)
class Facts:
    """One case at one moment. ``tier`` counts the waves of this ``round``; -1: none yet."""

    id: str
    code: str
    status: str
    round: int
    tier: int
    taker_id: str | None
    taken_at: int | None
    answered_at: int | None
    deadline_at: int | None
    created_at: int
    known_routing: Routing | None

    @property
    def routing(self) -> Routing:
        """The routing facts; raises :class:`RoutingGone`."""
        if self.known_routing is None:
            raise RoutingGone
        return self.known_routing

    @property
    def urgency(self) -> str:
        """``normal`` once the facts are gone."""
        return self.known_routing.urgency if self.known_routing else "normal"

    @property
    def working(self) -> bool:
        """Somebody has it and has not noted a first step."""
        return self.status == "taken" and self.answered_at is None


async def read(
    connection: AsyncConnection, relais: Relais, case_id: str, *, lock: bool = False
) -> Facts | None:
    """The case, or None. ``lock`` keeps others from changing it until the transaction ends."""
    query = select(cases).where(cases.c.id == case_id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return _facts(relais, row) if row is not None else None


async def find(connection: AsyncConnection, relais: Relais, code: str) -> Facts | None:
    """The case of this code, or None."""
    query = select(cases).where(cases.c.code == code)
    row = (await connection.execute(query)).one_or_none()
    return _facts(relais, row) if row is not None else None


def _facts(relais: Relais, row: Any) -> Facts:
    sealed = row.routing_sealed
    routing = (
        load_routing(relais.vault.keyring.open("routing", sealed, "cases", "routing", row.id))
        if sealed is not None
        else None
    )
    return Facts(
        id=row.id,
        code=row.code,
        status=row.status,
        round=row.round,
        tier=row.tier,
        taker_id=row.taker_id,
        taken_at=row.taken_at,
        answered_at=row.answered_at,
        deadline_at=row.deadline_at,
        created_at=row.created_at,
        known_routing=routing,
    )


async def alerted(
    connection: AsyncConnection, facts: Facts, *statuses: str
) -> dict[str, tuple[str, int]]:
    """Who was alerted in this round: member -> (status, when); with ``statuses`` only those."""
    query = select(alerts.c.member_id, alerts.c.status, alerts.c.alerted_at).where(
        alerts.c.case_id == facts.id, alerts.c.round == facts.round
    )
    if statuses:
        query = query.where(alerts.c.status.in_(statuses))
    rows = await connection.execute(query.order_by(alerts.c.alerted_at, alerts.c.member_id))
    return {row.member_id: (row.status, row.alerted_at) for row in rows}


async def renewed(connection: AsyncConnection, facts: Facts) -> set[str]:
    """Who was alerted in an earlier round that this one goes on with, since she asked again."""
    rows = await connection.execute(
        select(alerts.c.member_id).where(
            alerts.c.case_id == facts.id, alerts.c.round < facts.round, alerts.c.status == RENEWED
        )
    )
    return set(rows.scalars())


async def ever_alerted(connection: AsyncConnection, case_id: str, member_id: str) -> bool:
    """Whether this member was alerted for the case in any round."""
    found = await connection.execute(
        select(alerts.c.round)
        .where(alerts.c.case_id == case_id, alerts.c.member_id == member_id)
        .limit(1)
    )
    return found.first() is not None


async def in_conflict(connection: AsyncConnection, case_id: str) -> set[str]:
    """Who said that they know the person."""
    rows = await connection.execute(
        select(case_log.c.member_id).where(
            case_log.c.case_id == case_id, case_log.c.kind == "conflict"
        )
    )
    return {one for one in rows.scalars() if one is not None}


async def barred(connection: AsyncConnection, facts: Facts) -> set[str]:
    """Who must never hear of this case: who knows the person, and whom she excluded.

    Of a restricted one that nobody has, everybody but coordinators.
    """
    found = await in_conflict(connection, facts.id)
    routing = facts.known_routing
    if routing is not None and routing.excluded:
        excluded = await connection.execute(
            select(members.c.id).where(members.c.organisation_id.in_(routing.excluded))
        )
        found.update(excluded.scalars())
    if routing is not None and routing.restricted and facts.status == "open":
        everybody = await connection.execute(select(members.c.id, members.c.roles))
        found.update(row.id for row in everybody if "coordinator" not in row.roles)
    return found


async def barred_from(connection: AsyncConnection, relais: Relais, case_id: str) -> set[str]:
    """As :func:`barred`, by the case's id; nobody where there is no such case."""
    facts = await read(connection, relais, case_id)
    return set() if facts is None else await barred(connection, facts)


async def keyholders(connection: AsyncConnection, case_id: str) -> set[str]:
    """Who holds a grant of the brief (``recovery`` among them)."""
    rows = await connection.execute(
        select(grants.c.holder).where(
            grants.c.case_id == case_id, grants.c.name == "brief", grants.c.referral_id.is_(None)
        )
    )
    return set(rows.scalars())
