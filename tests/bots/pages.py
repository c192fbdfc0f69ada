"""A chat page's bot on a port, against a listening stand-in backend, and windows on it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from pydantic import SecretStr

from bots.core import BotSettings
from bots.core.serving import EmbeddedServer
from bots.page import PageBot, build
from tests.bots.fake_backend import FakeBackend
from tests.bots.relaying import english

SECRET = "s" * 43
HEADERS = {"X-Relais-Phone": SECRET}


@dataclass
class Page:
    """What a test holds."""

    bot: PageBot
    backend: FakeBackend
    http: httpx.AsyncClient

    async def post(self, path: str, body: Any, headers: Any = HEADERS) -> httpx.Response:
        """A call as the browser makes it."""
        return await self.http.post(path, json=body, headers=headers)


@dataclass
class Window:
    """An open stream; ``acks`` says whether it confirms what it shows."""

    page: Page
    secret: str = SECRET
    acks: bool = True

    def __post_init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        headers = {"X-Relais-Phone": self.secret}
        async with self.page.http.stream("GET", "/stream", headers=headers) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    await self._show(json.loads(line[6:]), headers)

    async def _show(self, event: dict[str, Any], headers: dict[str, str]) -> None:
        self.events.append(event)
        if self.acks and event.get("delivery"):
            ack = {"delivery": event["delivery"], "message_id": f"b-{event['delivery']}"}
            await self.page.post("/acks", ack, headers)

    def texts(self) -> list[str]:
        """Bubbles shown."""
        return [event["text"] for event in self.events if event["type"] == "bubble"]

    async def close(self) -> None:
        """As when the tab is closed."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@asynccontextmanager
async def page(directory: Path, backend: FakeBackend, **more: object) -> AsyncIterator[Page]:
    """A page bot, served in this loop, against a listening backend."""
    with backend:
        settings = BotSettings.model_validate(
            {
                "backend_url": backend.url,
                "data_dir": directory,
                "bot_token_page": SecretStr(backend.token),
                **more,
            }
        )
        bot = build(settings, english)
        listener = socket.create_server(("127.0.0.1", 0))
        server = EmbeddedServer(uvicorn.Config(bot.app, log_config=None, lifespan="off"))
        server.config.timeout_graceful_shutdown = 1
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await bot.start()
        port = listener.getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as http:
            yield Page(bot, backend, http)
        await bot.stop()
        server.should_exit = True
        await serving
        listener.close()
