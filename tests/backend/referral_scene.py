"""A case that Ada has, Cleo who coordinates, and Ben of another organisation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from backend.cases.applying import apply
from backend.cases.changes import Changes
from backend.cases.erasing import erase_case
from backend.database.tables import case_log, cases, grants, referrals
from backend.demo.document import DemoMember
from backend.demo.start import start_demo
from backend.handlers import all_handlers
from backend.jobs import Runner
from sealing import Context, open_text, seal_text
from tests.backend.chats import TOKENS
from tests.backend.console_cases import open_case
from tests.backend.consoles import Browser, Console, b64, running_console
from tests.backend.test_console_api import demo_with

CONSENT = "She said yes on the phone, Tuesday 14:00, Qzx7"
NOTE = "Needs a doctor tonight, Qzx8"


@dataclass
class Office:
    """Ada has the case and holds its keys; so do Cleo and Eve of her house. Ben holds none."""

    console: Console
    ada: Browser
    cleo: Browser
    eve: Browser
    ben: Browser
    case_id: str

    async def rows(self, query: Any) -> list[Any]:
        """What a query finds."""
        async with self.console.relais.db.read() as connection:
            return list((await connection.execute(query)).all())

    async def write(self, statement: Any) -> None:
        """One statement in a transaction of its own."""
        async with self.console.relais.db.write() as tx:
            await tx.execute(statement)

    async def sealed(
        self, name: str, *, to: str = "", by: Browser | None = None, generation: int = 1
    ) -> dict[str, Any]:
        """A key as the sender's browser seals it for Ben, or for ``to``."""
        who, receiver = by or self.ada, to or self.ben.member_id
        (row,) = await self.rows(
            select(grants.c.sealed).where(
                grants.c.case_id == self.case_id,
                grants.c.name == name,
                grants.c.generation == generation,
                grants.c.holder == who.member_id,
            )
        )
        place = (self.case_id, name, generation)
        seed = open_text(row.sealed, who.keys, Context(*place, who.member_id, "grant"))
        raw = seal_text(seed, self.ben.keys.public, Context(*place, receiver, "grant"))
        return {
            "compartment": name,
            "generation": generation,
            "holder": receiver,
            "sealed": b64(raw),
        }

    async def asks(self, *names: str, by: Browser | None = None, **changes: Any) -> Any:
        """The answer to a referral of these compartments (brief and team) to Ben."""
        to = str(changes.get("receiver", self.ben.member_id))
        places = () if "grants" in changes else names or ("brief", "team")
        body = {
            "receiver": to,
            "grants": [await self.sealed(name, to=to, by=by) for name in places],
            "priority": "high",
            "consent": CONSENT,
            "note": NOTE,
        }
        path = f"/v1/cases/{self.case_id}/referrals"
        return await (by or self.ada).post(path, body | changes)

    async def refers(self, *names: str, by: Browser | None = None, **changes: Any) -> str:
        """The same, which works: its id."""
        answer = await self.asks(*names, by=by, **changes)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def referred(self, *names: str) -> str:
        """Asked, and accepted by Ben."""
        one = await self.refers(*names)
        assert await self.says(self.ben, "accept", one) == "accepted"
        return one

    async def says(self, who: Browser, verb: str, one: str, **body: str) -> str:
        """What became of it, or the error's code."""
        answer = (await who.post(f"/v1/referrals/{one}/{verb}", body)).json()
        return str(answer.get("code") or answer["status"])

    async def reads(self, who: Browser | None = None, **params: str) -> Any:
        """The case as it is handed out to Ben, or to somebody else; or the error's code."""
        answer = await (who or self.ben).get(f"/v1/cases/{self.case_id}", **params)
        return answer.json() if answer.status_code == 200 else answer.json()["code"]

    async def status(self) -> str:
        """Of the newest referral."""
        rows = await self.rows(select(referrals.c.status).order_by(referrals.c.asked_at))
        return str(rows[-1].status)

    async def keys(self) -> int:
        """How many grants lie here for referrals."""
        return len(await self.rows(select(grants).where(grants.c.referral_id.is_not(None))))

    async def lines(self, kind: str) -> list[Any]:
        """Of this kind in the case's history."""
        return await self.rows(select(case_log).where(case_log.c.kind == kind))

    async def her_word(self, **changes: Any) -> None:
        """A turn of hers that changes the case so."""
        async with self.console.relais.db.write() as tx:
            changed = Changes(self.case_id, **changes)
            await apply(tx, self.console.relais, "0" * 32, changed)

    async def erased(self) -> None:
        """She erased it."""
        async with self.console.relais.db.write() as tx:
            await erase_case(tx, self.console.relais, self.case_id)

    async def jobs(self) -> None:
        """Run what is due."""
        await Runner(self.console.relais, all_handlers()).run_due()


@asynccontextmanager
async def open_office(database_url: str, folder: Path) -> AsyncIterator[Office]:
    """Everybody enrolled, the case taken by Ada, the account sent."""
    demo = demo_with(
        DemoMember("Cleo", ["coordinator"], "en", organisation_id="lantern"),
        DemoMember("Eve", ["responder"], "en", team_id="lantern-first"),
        DemoMember("Ben", ["responder"], "en", team_id="open-hands-second"),
    )
    async with running_console(database_url, folder, **TOKENS) as console:
        console.app.state.demo = await start_demo(console.relais, demo)
        people = [await console.enrolled(one) for one in ("Ada (demo)", "Cleo", "Eve", "Ben")]
        for browser in people:
            browser.client = console.client()
            assert (await browser.log_in()).status_code == 200
        ada, cleo, eve, ben = people
        case_id = await open_case(
            console.relais,
            [one.member_id for one in (ada, cleo, eve)],
            account_served=True,
        )
        office = Office(console, ada, cleo, eve, ben, case_id)
        await office.write(update(cases).values(status="taken", taker_id=ada.member_id, taken_at=1))
        yield office
