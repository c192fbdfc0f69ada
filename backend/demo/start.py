"""Every start of the demo: directory, roster, and an invitation for whoever has not enrolled."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.invitations import invitation_url, invite
from backend.accounts.names import login_name
from backend.accounts.roster_store import brought_into_force
from backend.database.statements import upsert
from backend.database.tables import areas, members, organisations, services, teams
from backend.demo.coordinator import begin_roster, look_tomorrow, renew
from backend.demo.document import Demo, DemoMember, load_demo
from backend.errors import ConfigurationError
from backend.relais import Relais


@dataclass(frozen=True, slots=True)
class DemoInvitation:
    """To be printed. ``tier``: 1 is alerted first."""

    name: str
    organisation: str
    roles: tuple[str, ...]
    tier: int
    url: str


@dataclass(frozen=True, slots=True)
class DemoStart:
    """``recovery_seed``: only at the very first start, base64; it is kept nowhere."""

    invitations: tuple[DemoInvitation, ...]
    recovery_seed: str | None

    def __repr__(self) -> str:
        return "<sealed>"


async def start_demo(relais: Relais, demo: Demo | None = None) -> DemoStart:
    """Load or refresh everything; running it again changes nothing that a member chose.

    Raises ``ConfigurationError`` outside the demo, or when keys and database do not fit.
    """
    if relais.settings.mode != "demo":
        raise ConfigurationError("RELAIS_MODE=production has no demo")
    demo = demo or load_demo()
    async with relais.db.write() as tx:
        await _load_directory(tx, relais, demo)
        for one in demo.members:
            await _add_member(tx, relais, demo, one)
        seed = await begin_roster(tx, relais)
        if seed is None:
            await renew(tx, relais)
        await look_tomorrow(tx, relais, after=relais.world.now())
        invitations = await _invitations(tx, relais)
    await brought_into_force(relais)
    return DemoStart(invitations, seed)


async def _load_directory(tx: AsyncConnection, relais: Relais, demo: Demo) -> None:
    now = relais.world.now()
    rows: list[tuple[Table, dict[str, Any]]] = [
        *((areas, one.row()) for one in demo.areas),
        *((organisations, one.row()) for one in demo.organisations),
        *((services, one.row() | {"verified_at": now}) for one in demo.services),
        *((teams, one.row()) for one in demo.teams),
    ]
    for table, row in rows:
        await tx.execute(upsert(relais.db.dialect, table, ["id"], row), row)


async def _add_member(tx: AsyncConnection, relais: Relais, demo: Demo, one: DemoMember) -> None:
    known = await tx.execute(
        select(members.c.id).where(members.c.login_name == login_name(one.name))
    )
    if known.first() is not None:
        return
    await tx.execute(
        insert(members).values(
            one.row()
            | {
                "id": relais.world.new_id(),
                "login_name": login_name(one.name),
                "organisation_id": _organisation_of(demo, one),
                "totp_step": 0,
            }
        )
    )


def _organisation_of(demo: Demo, one: DemoMember) -> str:
    if one.organisation_id is not None:
        return one.organisation_id
    for team in demo.teams:
        if team.id == one.team_id:
            return team.organisation_id
    raise ConfigurationError(f"demo.yaml: the member {one.name} has no organisation and no team")


async def _invitations(tx: AsyncConnection, relais: Relais) -> tuple[DemoInvitation, ...]:
    found = await tx.execute(
        select(
            members.c.id,
            members.c.name,
            members.c.roles,
            organisations.c.name.label("organisation"),
            teams.c.priority,
        )
        .join(organisations, organisations.c.id == members.c.organisation_id)
        .outerjoin(teams, teams.c.id == members.c.team_id)
        .where(members.c.enrolled_at.is_(None), members.c.disabled_at.is_(None))
        .order_by(teams.c.priority, members.c.name)
    )
    return tuple(
        [
            DemoInvitation(
                name=row.name,
                organisation=row.organisation,
                roles=tuple(row.roles),
                tier=row.priority or 0,
                # a link printed at an earlier start still works until its week is over
                url=invitation_url(relais, await invite(tx, relais, row.id, lapse=False)),
            )
            for row in found
        ]
    )
