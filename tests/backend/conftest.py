"""The backend over HTTP, and a person who writes to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.backend.chats import TOKENS, Chat
from tests.backend.consoles import Console, running_console
from tests.backend.nights import Night, open_night


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
    async with open_night(database_url, tmp_path) as opened:
        yield opened
