"""Members as alerting needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.database.tables import members, organisations

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class Person:
    """A member. ``organisation`` is its name."""

    id: str
    name: str
    locale: str
    coordinator: bool
    on_call: bool
    organisation: str
    team_id: str | None


async def people(connection: AsyncConnection, ids: Collection[str]) -> dict[str, Person]:
    """These members, by id."""
    rows = await connection.execute(
        select(
            members.c.id,
            members.c.name,
            members.c.locale,
            members.c.roles,
            members.c.on_call,
            members.c.team_id,
            organisations.c.name.label("organisation"),
        )
        .join(organisations, organisations.c.id == members.c.organisation_id)
        .where(members.c.id.in_(ids))
        .order_by(members.c.name)
    )
    return {
        row.id: Person(
            row.id,
            row.name,
            row.locale,
            "coordinator" in row.roles,
            row.on_call,
            row.organisation,
            row.team_id,
        )
        for row in rows
    }


async def coordinators(connection: AsyncConnection) -> set[str]:
    """Every coordinator, on call or not: their grants are never destroyed here."""
    rows = await connection.execute(select(members.c.id, members.c.roles))
    return {row.id for row in rows if "coordinator" in row.roles}
