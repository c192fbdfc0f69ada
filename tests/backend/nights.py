"""A night: one person who writes, a helper on call, a coordinator; and the ways she goes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from backend.cases.routing import Routing, load_routing
from backend.database.tables import case_log, cases, conversations
from backend.handlers import all_handlers
from backend.jobs import Runner
from backend.jobs.expiring import expire_conversations
from backend.turns.snapshot import open_state
from conversation import load_state
from tests.backend.chats import TOKENS, Chat
from tests.backend.consoles import Browser, Console, running_console

TO_YES = ("hello", "1", "1", "1", "4", "5", "2", "1", "1", "3", "1")
"""From the first word to "yes, tell them"."""
TO_MORE = (*TO_YES, "1", "blue kite", "1")
"""Contact, sign, code: "do you want to tell more?"."""
ACCOUNT = ("1", "1", "s", "1", "1", "12.5.2026", "s", "1", "2")
"""From "did you already tell" to "your own words"."""
BACK = ("hello", "1", "1", "blue kite")
"""Greeting, safety, sign: the menu of those who come back."""
NEW = (*BACK, "Something new", "1", "4", "5", "2", "1", "1", "3")
"""... and something new, to "may I tell"."""


@dataclass
class Night:
    """A person, a helper on call, and a coordinator."""

    console: Console
    chat: Chat
    ada: Browser
    sam: Browser

    async def says(self, *texts: str) -> str:
        """Everything that the last of them brought."""
        heard = ""
        for text in texts:
            heard = await self.chat.says(self.number(text))
        return heard

    def number(self, words: str) -> str:
        """Of the option with this label, if there is one."""
        labels = [one["text"] for row in self.chat.last.get("buttons", ()) for one in row]
        return str(labels.index(words) + 1) if words in labels else words

    async def rows(self, query: Any) -> list[Any]:
        """What a query finds."""
        async with self.console.relais.db.read() as connection:
            return list((await connection.execute(query)).all())

    async def case(self) -> Any:
        """The only case."""
        (row,) = await self.rows(select(cases))
        return row

    async def jobs(self) -> None:
        """Run what is due."""
        await Runner(self.console.relais, all_handlers()).run_due()

    async def takes(self) -> str:
        """Ada takes the only case; its id."""
        case_id = str((await self.case()).id)
        answer = await self.ada.post(f"/v1/cases/{case_id}/take")
        assert answer.status_code == 200, answer.text
        return case_id

    async def served(self, who: Browser, case_id: str) -> list[str]:
        """Compartments of the items that are handed out."""
        answer = await who.get(f"/v1/cases/{case_id}", reason="test")
        assert answer.status_code == 200, answer.text
        return [one["compartment"] for one in answer.json()["items"]]

    async def log(self) -> list[str]:
        """Kinds of what was written down, of every case."""
        return [row.kind for row in await self.rows(select(case_log.c.kind))]

    async def state(self) -> Any:
        """Of her conversation."""
        (row,) = await self.rows(select(conversations).where(conversations.c.member_id.is_(None)))
        return load_state(open_state(self.console.relais, row.id, row.state_sealed, row.state_key))

    async def close(self) -> str:
        """Ada takes the only case and closes it; its id."""
        case_id = await self.takes()
        async with self.console.relais.db.write() as tx:
            now = self.console.clock()
            await tx.execute(update(cases).values(status="done", closed_at=now, answered_at=now))
        return case_id

    async def present(self) -> str:
        """Id of the case that her chat has."""
        (row,) = await self.rows(
            select(conversations.c.case_id).where(conversations.c.member_id.is_(None))
        )
        return str(row.case_id)

    async def spoil(self) -> None:
        """Her state cannot be read any more."""
        async with self.console.relais.db.write() as tx:
            await tx.execute(
                update(conversations)
                .where(conversations.c.member_id.is_(None))
                .values(state_sealed=b"damaged")
            )

    def routing(self, case: Any) -> Routing:
        """Of a row of ``cases``."""
        keyring = self.console.relais.vault.keyring
        return load_routing(
            keyring.open("routing", case.routing_sealed, "cases", "routing", case.id)
        )

    async def silence(self) -> None:
        """Nothing comes for four days, and the expiry job runs."""
        self.console.clock.forward(days=4)
        await expire_conversations(self.console.relais)

    async def present_of_chat(self) -> str | None:
        """Id of the case that this very chat has."""
        keyring = self.console.relais.vault.keyring
        index = keyring.index("address", self.chat.channel, self.chat.address)
        (row,) = await self.rows(
            select(conversations.c.case_id).where(conversations.c.address_index == index)
        )
        return None if row.case_id is None else str(row.case_id)


def code_of(night: Night) -> str:
    """The return code on the screen."""
    lines = [line.replace(" ", "") for line in night.chat.last["text"].splitlines()]
    return str(next(line for line in lines if line.isdigit() and len(line) == 16))


def another_phone(night: Night, address: str = "777") -> Night:
    """Of somebody else, or hers."""
    chat = Chat(night.chat.client, night.console.relais, address)
    return Night(night.console, chat, night.ada, night.sam)


@asynccontextmanager
async def open_night(database_url: str, folder: Path) -> AsyncIterator[Night]:
    """Both enrolled; Ada is reached on Telegram."""
    async with running_console(database_url, folder, **TOKENS) as console:
        ada = await console.enrolled("Ada (demo)")
        sam = await console.enrolled("Sam (demo)")
        async with console.client() as client:
            for who, name in ((ada, "ada-chat"), (sam, "sam-chat")):
                phone = Chat(client, console.relais, name)
                await phone.says((await who.post("/v1/me/link-codes")).json()["code"])
                await who.post("/v1/me/on-call", {"on_call": True})
            yield Night(console, Chat(client, console.relais, "555"), ada, sam)
