"""Members as alerting needs them: who they are, and the chats in which they are reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.database.tables import conversations, members, organisations, teams
from backend.deliveries import Outgoing, enqueue

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais
    from conversation import Reply


@dataclass(frozen=True, slots=True)
class Person:
    """A member. ``organisation`` is its name, empty for one without a team."""

    id: str
    name: str
    locale: str
    coordinator: bool
    on_call: bool
    organisation: str
    team_id: str | None


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation in which a member is served."""

    id: str
    channel: str
    member_id: str


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
        .outerjoin(teams, teams.c.id == members.c.team_id)
        .outerjoin(organisations, organisations.c.id == teams.c.organisation_id)
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
            row.organisation or "",
            row.team_id,
        )
        for row in rows
    }


async def coordinators(connection: AsyncConnection) -> set[str]:
    """Every coordinator, on call or not: their grants are never destroyed here."""
    rows = await connection.execute(select(members.c.id, members.c.roles))
    return {row.id for row in rows if "coordinator" in row.roles}


async def chats(
    tx: AsyncConnection, ids: Collection[str], *, lock: bool = True
) -> dict[str, list[Chat]]:
    """The chats of these members. Locked in the order of their ids, before any case is."""
    query = (
        select(conversations.c.id, conversations.c.channel, conversations.c.member_id)
        .where(conversations.c.member_id.in_(ids))
        .order_by(conversations.c.id)
    )
    found: dict[str, list[Chat]] = {}
    for row in await tx.execute(query.with_for_update() if lock else query):
        found.setdefault(row.member_id, []).append(Chat(row.id, row.channel, row.member_id))
    return found


async def tell(
    tx: AsyncConnection,
    relais: Relais,
    chats_of_one: Collection[Chat],
    locale: str,
    reply: Reply,
    key: str,
    *,
    purpose: str = "notice",
) -> None:
    """Queue ``reply`` in every chat of one member, once for this ``key``."""
    for chat in chats_of_one:
        outgoing = Outgoing(
            locale=locale, reply=reply, purpose=purpose, dedupe_key=f"{key}:{chat.channel[:1]}"
        )
        await enqueue(tx, relais, chat.id, chat.channel, [outgoing])
