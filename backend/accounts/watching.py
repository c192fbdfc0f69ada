"""What must not be found out too late: a list of members that ends, a case with too few keys.

Both are looked at by recurring jobs, and told to coordinators in their messengers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from backend import alerts
from backend.accounts.roster_store import newest, vouched
from backend.ambient import DAY, iso
from backend.database.tables import cases, compartments, grants
from backend.vault.compartments import RECOVERY
from conversation.replies import Name, Time

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from backend.relais import Relais

WARN_DAYS: Final = (30, 14, 7, 3, 2, 1, 0)
"""So many days before the roster ends coordinators are told, and each day once it has ended."""
ENOUGH: Final = 2
"""Living holders of a case, besides recovery."""


async def watch_roster(relais: Relais) -> None:
    """Tell coordinators that the list of members has to be signed again."""
    async with relais.db.read() as connection:
        found = await newest(connection, relais.settings)
    roster = None if found is None else found[0]
    if roster is None or roster.demo:
        return
    left = (roster.valid_until - relais.world.now()) // DAY
    if left > max(WARN_DAYS):
        return
    step = min(one for one in WARN_DAYS if one >= left) if left >= 0 else left
    async with relais.db.write() as tx:
        await alerts.tell_coordinators(
            tx,
            relais,
            "roster_ends" if left >= 0 else "roster_ended",
            key=f"roster:{roster.version}:{step}",
            time=Time(iso(roster.valid_until)),
        )
    relais.wake.all()


async def watch_holders(relais: Relais) -> None:
    """Tell coordinators of every living case that fewer than two members could open."""
    async with relais.db.read() as connection:
        found = await newest(connection, relais.settings)
        living = set(await vouched(connection, None if found is None else found[0]))
        short = await _short(connection, living)
    today = relais.world.day()
    for case_id, code in short:
        async with relais.db.write() as tx:
            await alerts.tell_coordinators(
                tx, relais, "few_keys", key=f"keys:{case_id}:{today}", code=Name(code)
            )
    if short:
        relais.wake.all()


async def _short(connection: AsyncConnection, living: set[str]) -> list[tuple[str, str]]:
    """Open and taken cases with too few living holders of the newest brief: (id, code)."""
    newest = (
        select(compartments.c.case_id, func.max(compartments.c.generation).label("generation"))
        .where(compartments.c.name == "brief")
        .group_by(compartments.c.case_id)
        .subquery()
    )
    held = (
        select(grants.c.case_id, func.count(grants.c.holder.distinct()).label("many"))
        .join(
            newest,
            (newest.c.case_id == grants.c.case_id) & (newest.c.generation == grants.c.generation),
        )
        .where(
            grants.c.name == "brief",
            grants.c.holder != RECOVERY,
            grants.c.holder.in_(living),
        )
        .group_by(grants.c.case_id)
        .subquery()
    )
    rows = await connection.execute(
        select(cases.c.id, cases.c.code)
        .outerjoin(held, held.c.case_id == cases.c.id)
        .where(
            cases.c.status.in_(("open", "taken")),
            func.coalesce(held.c.many, 0) < ENOUGH,
        )
        .order_by(cases.c.id)
    )
    return [(row.id, row.code) for row in rows]
