"""The backend over HTTP, and a person who writes to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backend.chats import TOKENS, Chat
from tests.backend.consoles import Console, running_console
from tests.backend.nights import Night


@pytest.fixture
async def console(database_url: str, tmp_path: Path) -> AsyncIterator[Console]:
    """The backend with both bots' tokens."""
    async with running_console(database_url, tmp_path, **TOKENS) as running:
        yield running


@pytest.fixture
async def chat(console: Console) -> AsyncIterator[Chat]:
    """A person who has not written yet."""
    async with console.client() as client:
        yield Chat(client, console.relais, "555")


@pytest.fixture
async def night(database_url: str, tmp_path: Path) -> AsyncIterator[Night]:
    """Both enrolled; Ada is reached on Telegram."""
    async with running_console(database_url, tmp_path, **TOKENS) as console:
        ada = await console.enrolled("Ada (demo)")
        sam = await console.enrolled("Sam (demo)")
        async with console.client() as client:
            for who, name in ((ada, "ada-chat"), (sam, "sam-chat")):
                phone = Chat(client, console.relais, name)
                await phone.says((await who.post("/v1/me/link-codes")).json()["code"])
                await who.post("/v1/me/on-call", {"on_call": True})
            yield Night(console, Chat(client, console.relais, "555"), ada, sam)
