"""A small town for the alert tests: two teams, two coordinators, a database, a clock."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from sqlalchemy import delete, insert, select, update

from backend import alerts, jobs
from backend.alerts import HANDLERS
from backend.cases.routing import Routing, dump_routing
from backend.chats import marked
from backend.content import Content, Edition, load_content
from backend.database import Database, metadata, open_database
from backend.database.tables import alerts as alerts_table
from backend.database.tables import (
    areas,
    case_log,
    cases,
    conversations,
    deliveries,
    grants,
    members,
    organisations,
    teams,
)
from backend.database.tables import jobs as jobs_table
from backend.deliveries import load_body
from backend.media import open_store
from backend.relais import Relais
from backend.settings import Settings
from backend.vault import open_vault
from conversation import Area, Chose, Directory, Event, Member, Reply, Said, Team
from tests.backend.worlds import Clock, TestWorld

ANA, BEN, CAM, DIA = (f"{n:032x}" for n in (0xA, 0xB, 0xC, 0xD))
EVE, FAY = (f"{n:032x}" for n in (0xE, 0xF))
TOWN: dict[str, tuple[str, str | None]] = {
    ANA: ("Ana", "first"),
    BEN: ("Ben", "first"),
    CAM: ("Cam", "second"),
    DIA: ("Dia", "second"),
    EVE: ("Eve", None),
    FAY: ("Fay", None),
}
"""Member -> name and team; those without a team are coordinators."""
NAMES = {member: name for member, (name, _) in TOWN.items()}
_BY_NAME = {name: member for member, name in NAMES.items()}


@cache
def edition() -> tuple[Edition, tuple[str, ...]]:
    """The packaged texts, read once."""
    content = load_content(cast("Database", None))
    return content.current, content.locales


class TownDirectory:
    """As the real snapshot, without the roster: who is on call, linked and not disabled."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self) -> Directory:
        """The directory as it is at this moment."""
        linked = select(conversations.c.member_id).where(conversations.c.member_id.is_not(None))
        async with self._db.read() as connection:
            rows = (
                await connection.execute(
                    select(members)
                    .where(
                        members.c.on_call.is_(True),
                        members.c.disabled_at.is_(None),
                        members.c.id.in_(linked),
                    )
                    .order_by(members.c.id)
                )
            ).all()
        return Directory(
            areas=(Area("town", {"en": "Town", "fr": "Ville"}),),
            teams=tuple(
                Team(
                    id=team,
                    organisation=f"org-{team}",
                    services=("health_medical_service",),
                    areas=("town",),
                    languages=("fr",),
                    priority=priority,
                    on_call=tuple(_on_call(row) for row in rows if row.team_id == team),
                )
                for priority, team in enumerate(("first", "second"))
            ),
            coordinators=tuple(_on_call(row) for row in rows if "coordinator" in row.roles),
        )

    def invalidate(self) -> None:
        """Nothing is kept."""


def _on_call(row: Any) -> Member:
    return Member(row.id, row.sex, row.organisation_id)


@dataclass
class Scene:
    """The backend's parts that alerting needs, with a clock in reach."""

    relais: Relais
    clock: Clock
    runner: jobs.Runner

    async def case(
        self,
        urgency: str = "normal",
        *,
        code: str = "K7Q4",
        holders: Iterable[str] = TOWN,
        begin: bool = True,
        **facts: Any,
    ) -> str:
        """A new case with its grants, alerted unless ``begin`` is False; returns its id."""
        case_id = self.relais.world.new_id()
        routing = Routing(
            needs=facts.pop("needs", ("health_medical_service",)),
            urgency=urgency,
            area=facts.pop("area", "town"),
            locale="fr",
            **facts,
        )
        async with self.relais.db.write() as tx:
            await tx.execute(
                insert(cases).values(
                    id=case_id,
                    code=code,
                    status="open",
                    interview="test",
                    content="none",
                    routing_sealed=self.seal(case_id, routing),
                    tier=0,
                    round=0,
                    account_served=False,
                    keep=False,
                    created_at=self.clock(),
                )
            )
            for holder in (*holders, "recovery"):
                await tx.execute(
                    insert(grants).values(
                        case_id=case_id,
                        name="brief",
                        generation=1,
                        holder=holder,
                        sealed=b"-",
                        granted_at=self.clock(),
                        granted_by="server",
                        why="help",
                    )
                )
            if begin:
                await alerts.begin(tx, self.relais, case_id)
        return case_id

    def seal(self, case_id: str, routing: Routing) -> bytes:
        """Routing facts as the row holds them."""
        return self.relais.vault.keyring.seal(
            "routing", dump_routing(routing), "cases", "routing", case_id
        )

    async def later(self, **time: float) -> int:
        """Let time pass, stopping at each job that becomes due; returns how many ran."""
        end = Clock(self.clock.ms)
        end.forward(**time)
        ran = await self.runner.run_due()
        while (due := await self._next_due()) is not None and due <= end.ms:
            self.clock.ms = max(self.clock.ms, due)
            ran += await self.runner.run_due()
        self.clock.ms = end.ms
        return ran

    async def _next_due(self) -> int | None:
        rows = await self.rows(
            select(jobs_table.c.due_at, jobs_table.c.lease_until).where(
                jobs_table.c.status == "waiting"
            )
        )
        return min((max(row.due_at, row.lease_until) for row in rows), default=None)

    async def says(self, member: str, text: str, *, locale: str = "en") -> list[str]:
        """A responder writes; the keys of the replies' parts."""
        return keys_of(await self.hears(member, Said(text), locale=locale))

    async def presses(self, member: str, token: str) -> list[str]:
        """A responder presses a button."""
        return keys_of(await self.hears(member, Chose(token)))

    async def hears(self, member: str, event: Event, *, locale: str = "en") -> list[Reply]:
        """The replies to an event, as the turn gets them; then the jobs that it made due run."""
        async with self.relais.db.write() as tx:
            replies = await alerts.handle_member(tx, self.relais, member, locale, event)
        await self.runner.run_due()
        return replies

    async def set_on_call(self, member: str, on: bool) -> None:
        """As the console does it."""
        async with self.relais.db.write() as tx:
            await alerts.set_on_call(tx, self.relais, member, on)
        await self.runner.run_due()

    async def told(self, member: str) -> list[str]:
        """Keys of the messages in a member's Telegram chat, in order."""
        return [reply_key(reply) for reply, _ in await self.inbox(member)]

    async def inbox(self, member: str, channel: str = "telegram") -> list[tuple[Reply, Any]]:
        """What was queued for a member on a channel, in order: reply and row."""
        rows = await self.rows(
            select(deliveries)
            .join(conversations, conversations.c.id == deliveries.c.conversation_id)
            .where(conversations.c.member_id == member, deliveries.c.channel == channel)
            .order_by(deliveries.c.seq)
        )
        return [(self._reply(row), row) for row in rows]

    def _reply(self, row: Any) -> Reply:
        raw = self.relais.vault.drafts.open(
            row.body_key, row.body_sealed, "deliveries", "body", row.id
        )
        reply = load_body(raw).reply
        assert reply is not None
        return reply

    async def row(self, case_id: str) -> Any:
        """The case as it is now."""
        (row,) = await self.rows(select(cases).where(cases.c.id == case_id))
        return row

    async def log(self, case_id: str) -> list[str]:
        """Kinds of the history's lines, in order."""
        rows = await self.rows(
            select(case_log.c.kind).where(case_log.c.case_id == case_id).order_by(case_log.c.at)
        )
        return [row.kind for row in rows]

    async def holders(self, case_id: str) -> set[str]:
        """Who holds a grant."""
        rows = await self.rows(select(grants.c.holder).where(grants.c.case_id == case_id))
        return {row.holder for row in rows}

    async def alerted(self, case_id: str) -> dict[str, str]:
        """Name -> status of the alert, in the newest round of each member."""
        rows = await self.rows(
            select(alerts_table)
            .where(alerts_table.c.case_id == case_id)
            .order_by(alerts_table.c.round)
        )
        return {NAMES[row.member_id]: row.status for row in rows}

    async def change_member(self, member: str, **values: Any) -> None:
        """Set columns of a member."""
        await self.write(update(members).where(members.c.id == member).values(**values))

    async def write(self, statement: Any) -> None:
        """One statement in a transaction of its own."""
        async with self.relais.db.write() as tx:
            await tx.execute(statement)

    async def rows(self, query: Any) -> list[Any]:
        """Everything a query finds."""
        async with self.relais.db.read() as connection:
            return list(await connection.execute(query))

    async def clear(self) -> None:
        """Forget every case, message and job; everyone is on call again."""
        async with self.relais.db.write() as tx:
            for table in (deliveries, jobs_table, alerts_table, case_log, grants, cases):
                await tx.execute(delete(table))
            await tx.execute(update(conversations).values(last_seq=0, settled_seq=0))
            await tx.execute(update(members).values(on_call=True, disabled_at=None, locale="en"))


def reply_key(reply: Reply) -> str:
    """``responder/alert/text`` is ``alert``."""
    return reply.parts[0].id.split("/")[1]


def keys_of(replies: Iterable[Reply]) -> list[str]:
    """The keys of every part."""
    return [part.id.split("/")[1] for reply in replies for part in reply.parts]


@asynccontextmanager
async def open_scene(url: str, folder: Path) -> AsyncIterator[Scene]:
    """The town with everyone on call, each on Telegram (Ana on Signal too)."""
    test = TestWorld()
    world = test.world()
    settings = Settings(data_dir=folder, time_zone="Africa/Bangui", _env_file=None)
    db = open_database(url, folder / "relais.db")
    try:
        async with db.write() as tx:
            await tx.run_sync(metadata.create_all)
        relais = Relais(
            settings=settings,
            world=world,
            db=db,
            vault=open_vault(settings, world),
            content=Content(*edition(), db),
            directory=cast("Any", TownDirectory(db)),
            files=open_store(settings),
            operator="Town",
            bot_tokens={},
        )
        await _settle_town(relais)
        yield Scene(relais, test.clock, jobs.Runner(relais, HANDLERS))
    finally:
        await db.close()


async def _settle_town(relais: Relais) -> None:
    async with relais.db.write() as tx:
        await tx.execute(insert(areas).values(id="town", names={"en": "Town"}, position=0))
        for team in ("town", "first", "second"):
            await tx.execute(
                insert(organisations).values(id=f"org-{team}", name=team, restricted=False)
            )
        for team in ("first", "second"):
            await tx.execute(
                insert(teams).values(
                    id=team,
                    organisation_id=f"org-{team}",
                    services=[],
                    areas=[],
                    languages=[],
                    children=False,
                    priority=1,
                )
            )
        for number, (member, (name, team_id)) in enumerate(TOWN.items()):
            await tx.execute(insert(members).values(**_member(member, name, team_id)))
            for channel in ("telegram", "signal") if member == ANA else ("telegram",):
                row = _chat(number, member, channel)
                await tx.execute(
                    insert(conversations), marked(relais.vault.keyring, conversations, row)
                )


def _member(member: str, name: str, team: str | None) -> dict[str, Any]:
    return {
        "id": member,
        "organisation_id": f"org-{team or 'town'}",
        "team_id": team,
        "name": name,
        "login_name": name.lower(),
        "sex": "female",
        "locale": "en",
        "roles": ["responder"] if team else ["coordinator"],
        "on_call": True,
        "totp_step": 0,
        "enrolled_at": 1,
    }


def _chat(number: int, member: str, channel: str) -> dict[str, Any]:
    return {
        "id": f"{number:031x}{channel[0].encode().hex()[1]}",
        "channel": channel,
        "address_index": f"{channel}-{number}".encode(),
        "address_sealed": b"-",
        "version": 1,
        "last_seq": 0,
        "settled_seq": 0,
        "contact": False,
        "member_id": member,
    }
