"""One person at an open question, and everything that a turn with a file needs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from msgspec.structs import replace
from sqlalchemy import func, select, update

from backend.cases.applying import apply
from backend.cases.changes import Changes
from backend.cases.work import Work
from backend.cases.working_out import work_out
from backend.chats import relink
from backend.database.tables import (
    cases,
    conversations,
    draft_items,
    file_garbage,
    grants,
    items,
    media,
)
from backend.handlers import all_handlers
from backend.jobs import Runner
from backend.turns.snapshot import open_state, read_conversation_by_id, seal_state
from conversation import dump_state, load_state
from conversation import effects as fx
from sealing import Context, KeyPair, open_text
from sealing.age import BodyOpener, open_header
from tests.backend.chats import TOKENS, Chat
from tests.backend.consoles import Browser, Console, running_console

MARK = b"Qzx7-vermillion-heron-in-clear"
"""Stands in every file that is sent, and may stand nowhere else."""
ADULT = {"path": "me", "for_whom": "me", "age_band": "18_25", "keep_account": "keep"}


def _part_of(effect: fx.Effect) -> str:
    match effect:
        case fx.OpenAccount():
            return "account"
        case fx.AskHelp():
            return "help"
        case fx.Submit(part=part):
            return f"submit{part}"
    return ""


@dataclass
class Desk:
    """The backend, one person's chat, and its conversation."""

    console: Console
    chat: Chat
    folder: Path
    sam: Browser
    """A coordinator, who is granted every account."""
    parts: list[str] = field(default_factory=list)
    """What happened in this telling, as the engine's state says it."""

    @property
    def relais(self) -> Any:
        """The backend's insides."""
        return self.console.relais

    async def upload(
        self, raw: Any, *, kind: str = "document", channel: str = "telegram", **more: Any
    ) -> httpx.Response:
        """POST one file; ``key`` is its idempotency key."""
        headers = {"Authorization": f"Bearer {TOKENS[f'bot_token_{channel}']}"}
        key = more.pop("key", "")
        if key:
            headers["Idempotency-Key"] = key
        return await self.chat.client.post(
            f"/v1/channels/{channel}/media",
            params={"kind": kind, "mime": "application/pdf"} | more,
            content=raw,
            headers=headers,
        )

    async def uploaded(self, raw: bytes, **more: Any) -> str:
        """The id of a file that was taken."""
        answer = await self.upload(raw, **more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def conversation(self) -> str:
        """The id of this chat's conversation, made by a first word."""
        if self.chat.count == 0:
            await self.chat.says("hello")
        (row,) = await self.rows(select(conversations.c.id).order_by(conversations.c.id).limit(1))
        return str(row.id)

    async def stands_at(self, step: str, **answers: Any) -> None:
        """Put the conversation at an open question of part 2."""
        conversation = await self.conversation()
        (row,) = await self.rows(select(conversations).where(conversations.c.id == conversation))
        state = load_state(open_state(self.relais, row.id, row.state_sealed, row.state_key))
        state = replace(
            state,
            content=self.relais.content.current.hash,
            locale="en",
            mode="asking",
            at=step,
            route="main",
            path="me",
            answers=ADULT | answers,
            parts=tuple(self.parts),
            trail=(step,),
            ask="nonce",
        )
        sealed, key = seal_state(self.relais, row.id, dump_state(state), reduced=False)
        async with self.relais.db.write() as tx:
            await tx.execute(
                update(conversations)
                .where(conversations.c.id == conversation)
                .values(state_sealed=sealed, state_key=key)
            )

    async def sends(self, event: str, named: dict[str, str] | None, **inbound: Any) -> str:
        """A turn of kind media; returns what she reads."""
        body = {"kind": "media", "media": "document"} | inbound
        answer = await self.chat.posts(body, event, media=named)
        assert answer.status_code == 200, answer.text
        return await self.chat.settles(answer.json()["delivery"])

    async def carries_out(self, *effects: fx.Effect) -> None:
        """What the engine may say, worked out and written as in a turn."""
        conversation = await self.conversation()
        async with self.relais.db.read() as connection:
            known = await read_conversation_by_id(connection, self.relais, conversation)
            before = replace(known.state, parts=tuple(self.parts))
            self.parts += [part for one in effects if (part := _part_of(one))]
            work = Work(
                relais=self.relais,
                connection=connection,
                edition=self.relais.content.current,
                conversation_id=conversation,
                channel="telegram",
                locale="en",
                before=before,
                after=replace(before, parts=tuple(self.parts)),
                case=known.case,
                changes=Changes(case_id=known.case.id if known.case is not None else None),
                names={},
            )
            changes = await work_out(work, effects)
        async with self.relais.db.write() as tx:
            await apply(tx, self.relais, conversation, changes)
            columns = {k: v for k, v in changes.conversation.items() if k == "case_id"}
            if changes.case_id is not None:
                columns["case_id"] = changes.case_id
            if columns:
                await relink(tx, self.relais.vault.keyring, conversation, **columns)

    async def attaches(self, raw: bytes, item: int = 1, **more: Any) -> str:
        """Upload a file and attach it to the step ``files`` (compartment evidence)."""
        file = await self.uploaded(raw, **more)
        await self.carries_out(fx.Attach("files", "evidence", file, "document", item))
        return file

    async def opens_account(self) -> str:
        """Part 2 begins; returns the id of the case."""
        await self.carries_out(fx.OpenAccount((), keep=True))
        (row,) = await self.rows(select(cases.c.id))
        return str(row.id)

    async def seed(self, case_id: str, place: str = "evidence") -> bytes:
        """The compartment's seed, by the coordinator's grant."""
        (row,) = await self.rows(
            select(grants.c.sealed).where(
                grants.c.case_id == case_id,
                grants.c.name == place,
                grants.c.holder == self.sam.member_id,
            )
        )
        context = Context(case_id, place, 1, self.sam.member_id, "grant")
        return open_text(row.sealed, self.sam.keys, context)

    async def contents(self, case_id: str, kind: str = "file") -> list[dict[str, Any]]:
        """What the sealed items of this kind say, to whoever holds the compartment."""
        found = []
        query = select(items).where(items.c.case_id == case_id, items.c.kind == kind)
        for row in await self.rows(query.order_by(items.c.made_at, items.c.id)):
            keys = KeyPair(await self.seed(case_id, row.compartment))
            context = Context(case_id, row.compartment, row.generation, row.id, row.kind)
            found.append(json.loads(open_text(row.sealed, keys, context)))
        return found

    async def rows(self, query: Any) -> list[Any]:
        """What a query finds."""
        async with self.relais.db.read() as connection:
            return list((await connection.execute(query)).all())

    async def file_rows(self) -> list[Any]:
        """Every row of ``media``."""
        return await self.rows(select(media).order_by(media.c.created_at, media.c.id))

    async def counts(self) -> dict[str, int]:
        """How many rows of each kind there are."""
        found = {}
        for table in (media, file_garbage, items, draft_items):
            (row,) = await self.rows(select(func.count()).select_from(table))
            found[table.name] = row[0]
        return found

    def objects(self) -> list[Path]:
        """Files of the store."""
        return sorted(
            one
            for one in (self.folder / "var" / "files").rglob("*")
            if one.is_file() and one.name != "check"
        )

    async def jobs(self) -> None:
        """Run what is due."""
        await Runner(self.relais, all_handlers()).run_due()


def pieces(total: int, piece: int = 1 << 20, *, gap: float = 0) -> AsyncIterator[bytes]:
    """A body of so many bytes that is never whole."""

    async def made() -> AsyncIterator[bytes]:
        left = total
        while left > 0:
            now = min(left, piece)
            yield (MARK * (now // len(MARK) + 1))[:now]
            left -= now
            await asyncio.sleep(gap)

    return made()


def age_opened(sealed: bytes, seed: bytes) -> bytes:
    """An age file as the holder of the compartment's seed opens it."""
    end = sealed.index(b"\n", sealed.index(b"\n---") + 1) + 1
    opener = BodyOpener(open_header(sealed[:end], seed))
    return opener.update(sealed[end:]) + opener.finish()


@asynccontextmanager
async def open_desk(database_url: str, folder: Path, **changes: Any) -> AsyncIterator[Desk]:
    """A backend with a coordinator who enrolled, and one person who has not written yet."""
    async with running_console(database_url, folder, **TOKENS, **changes) as console:
        sam = await console.enrolled("Sam (demo)")
        async with console.client() as client:
            yield Desk(console, Chat(client, console.relais, "555"), folder, sam)
