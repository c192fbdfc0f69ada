"""Backend and chat page as one ASGI application, served by uvicorn."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from backend.app import create_app
from backend.settings import Settings
from bots.core import BotSettings, Health
from bots.page import PageBot
from bots.page import build as build_page

Ready = Callable[[FastAPI], Awaitable[None]]


def build_app(
    settings: Settings, tokens: dict[str, str] | None = None
) -> tuple[FastAPI, PageBot | None]:
    """The backend, and the chat page's bot mounted on it when it has a token."""
    if tokens:
        secrets = {f"bot_token_{name}": SecretStr(token) for name, token in tokens.items()}
        settings = settings.model_copy(update=secrets)
    app = create_app(settings)
    token = settings.bot_token("page")
    if token is None:
        return app, None
    page = build_page(
        BotSettings(
            backend_url=f"http://127.0.0.1:{settings.port}",
            data_dir=settings.data_dir,
            bot_token_page=SecretStr(token),
        )
    )
    app.mount("/chat/api", page.app)
    app.state.reporters.append(lambda: _named(page.health))
    return app, page


def _named(health: Health) -> dict[str, str]:
    """Problems and notes of the page's bot, as codes of this process."""
    return {f"page_{code}": advice for code, advice in (health.problems | health.notes).items()}


class _Server(uvicorn.Server):
    """uvicorn that ends the page's bot first; else it would wait for its streams and its poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()
        self.first: Callable[[], Awaitable[None]] | None = None
        """What is ended before connections are waited for."""

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """As uvicorn does; then whoever waits for it goes on."""
        await super().startup(sockets)  # type: ignore[arg-type]
        self.ready.set()

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """End the page's bot, then as uvicorn does."""
        if self.first is not None:
            await self.first()
        await super().shutdown(sockets)  # type: ignore[arg-type]


async def serve(
    settings: Settings, tokens: dict[str, str] | None = None, ready: Ready | None = None
) -> None:
    """Serve until a signal. ``ready`` is called once requests are answered."""
    app, page = build_app(settings, tokens)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config)
    async with _alongside(server, app, page, ready):
        await server.serve()


@asynccontextmanager
async def _alongside(
    server: _Server, app: FastAPI, page: PageBot | None, ready: Ready | None
) -> AsyncIterator[None]:
    async def follow() -> None:
        await server.ready.wait()
        # What was made at the start (texts, tables, routes) lives as long as the process: not to
        # look through it at every collection saves a tenth of each turn.
        gc.collect()
        gc.freeze()
        if ready is not None:
            await ready(app)
        if page is not None:
            await page.run()

    task = asyncio.create_task(follow(), name="page")

    async def end() -> None:
        app.state.relais.wake.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    server.first = end
    try:
        yield
    finally:
        await end()
