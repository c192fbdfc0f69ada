"""The frozen directory that the engine matches over, kept for two seconds on the hot path."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.accounts.roster_store import current, vouched
from backend.ambient import DAY, World, moment
from backend.database import Database
from backend.database.tables import (
    areas,
    conversations,
    members,
    organisations,
    services,
    teams,
)
from backend.directory.regions import iso_regions
from backend.settings import Settings
from conversation.directory import Area, Directory, Member, Organisation, Service, Team

KEEP_MS: Final = 2_000


class DirectorySnapshot:
    """Hands out a :class:`conversation.Directory` that is at most two seconds old."""

    def __init__(self, db: Database, settings: Settings, world: World) -> None:
        self._db = db
        self._settings = settings
        self._world = world
        self._lock = asyncio.Lock()
        self._kept: tuple[Directory, Directory] | None = None
        self._read_at = 0

    async def get(self) -> Directory:
        """The directory with who is on call now; raises ``DatabaseUnavailable``."""
        return (await self._both())[0]

    async def everyone(self) -> Directory:
        """The same, as if every member of the roster were on call: who may ever be alerted.

        Keys are granted to these, so that nobody need be awake to let the next one in.
        """
        return (await self._both())[1]

    def invalidate(self) -> None:
        """Something changed here: read again at the next use."""
        self._kept = None

    async def _both(self) -> tuple[Directory, Directory]:
        if (kept := self._fresh()) is not None:
            return kept
        async with self._lock:
            if (kept := self._fresh()) is not None:
                return kept
            read_at = self._world.now()
            async with self._db.read() as connection:
                both = await read_directories(connection, self._settings, read_at)
            self._kept, self._read_at = both, read_at
            return both

    def _fresh(self) -> tuple[Directory, Directory] | None:
        age = self._world.now() - self._read_at
        return self._kept if 0 <= age < KEEP_MS else None


async def read_directories(
    connection: AsyncConnection, settings: Settings, now: int
) -> tuple[Directory, Directory]:
    """(on call now, as if all were): a handful of small queries, each in a stable order."""
    vouched_for = await _vouched_members(connection, settings, now)
    linked = select(conversations.c.member_id).where(conversations.c.member_id.is_not(None))
    reachable = set((await connection.execute(linked)).scalars())
    ready = [row for row in vouched_for if row.on_call and row.id in reachable]
    frame = await _read_frame(connection, settings, now)
    return _with_members(frame, ready), _with_members(frame, vouched_for)


async def _read_frame(connection: AsyncConnection, settings: Settings, now: int) -> Directory:
    """Everything but people. Until areas are loaded, the country's ISO regions stand in."""
    area_rows = await _all(connection, select(areas).order_by(areas.c.position, areas.c.id))
    organisation_rows = await _all(connection, select(organisations).order_by(organisations.c.id))
    service_rows = await _all(connection, select(services).order_by(services.c.id))
    team_rows = await _all(connection, select(teams).order_by(teams.c.priority, teams.c.id))
    known = tuple(Area(row.id, dict(row.names)) for row in area_rows)
    if not known and settings.country:
        known = iso_regions(settings.country)
    return Directory(
        areas=known,
        organisations=tuple(
            Organisation(row.id, row.name, row.restricted) for row in organisation_rows
        ),
        services=tuple(_service(row) for row in service_rows if _shown(row, now)),
        teams=tuple(_team(row) for row in team_rows),
    )


def _with_members(frame: Directory, rows: Sequence[Row[Any]]) -> Directory:
    on_call: defaultdict[str, list[Member]] = defaultdict(list)
    for row in rows:
        if "responder" in row.roles and row.team_id is not None:
            on_call[row.team_id].append(_member(row))
    coordinators = [row for row in rows if "coordinator" in row.roles]
    return msgspec.structs.replace(
        frame,
        teams=tuple(
            msgspec.structs.replace(team, on_call=tuple(on_call[team.id])) for team in frame.teams
        ),
        coordinators=tuple(_member(row) for row in coordinators),
        coordinator_organisations=tuple(dict.fromkeys(row.organisation_id for row in coordinators)),
    )


async def _all(connection: AsyncConnection, query: Any) -> Sequence[Row[Any]]:
    return (await connection.execute(query)).all()


async def _vouched_members(
    connection: AsyncConnection, settings: Settings, now: int
) -> Sequence[Row[Any]]:
    """Enrolled, not disabled, and vouched for by the roster in force."""
    keys = await vouched(connection, await current(connection, settings, now))
    if not keys:
        return []
    rows = await _all(connection, select(members).order_by(members.c.enrolled_at, members.c.id))
    return [row for row in rows if row.id in keys]


def _shown(row: Row[Any], now: int) -> bool:
    """Allowed in chat, and verified recently enough."""
    return bool(row.show_in_chat) and row.verified_at + row.verify_days * DAY > now


def _member(row: Row[Any]) -> Member:
    return Member(row.id, row.sex, row.organisation_id)


def _service(row: Row[Any]) -> Service:
    return Service(
        id=row.id,
        organisation=row.organisation_id,
        kind=row.kind,
        areas=tuple(row.areas),
        name=row.name,
        contact=row.contact,
        languages=tuple(row.languages),
        children=row.children,
        offers=tuple(row.offers),
        verified_on=moment(row.verified_at).date().isoformat(),
    )


def _team(row: Row[Any]) -> Team:
    return Team(
        id=row.id,
        organisation=row.organisation_id,
        services=tuple(row.services),
        areas=tuple(row.areas),
        languages=tuple(row.languages),
        priority=row.priority,
        on_call=(),
        children=row.children,
    )
