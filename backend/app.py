"""Building the application: everything is opened here, once, and closed in reverse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import cache

from fastapi import APIRouter, FastAPI

from backend import jobs, migrations
from backend.accounts.endpoints import router as accounts_router
from backend.ambient import World
from backend.cases.auditing import router as audit_router
from backend.cases.endpoints import router as cases_router
from backend.cases.file_endpoints import router as files_router
from backend.cases.granting_endpoints import router as granting_router
from backend.cases.referral_endpoints import router as referrals_router
from backend.cases.stones import replay_tombstones
from backend.console.app import install as install_console
from backend.content import load_content
from backend.database import open_database
from backend.deliveries.endpoints import hot as settling_router
from backend.deliveries.endpoints import router as deliveries_router
from backend.demo.document import load_demo
from backend.demo.start import start_demo
from backend.directory.snapshot import DirectorySnapshot
from backend.failures import install_failures
from backend.handlers import all_handlers
from backend.health import router as health_router
from backend.jobs import housekeeping
from backend.media import open_store
from backend.media.endpoints import router as media_router
from backend.metrics import Meters, install_metrics
from backend.relais import Relais
from backend.settings import CHANNELS, Settings
from backend.turns.endpoints import hot as turns_router
from backend.turns.endpoints import router as inbox_key_router
from backend.vault import open_vault
from backend.vault.vouching import hold_restored, vouch_once

VERSION = "0.1.0"


@cache
def _api() -> APIRouter:
    """Every operation, once a process."""
    api = APIRouter()
    for router in (
        turns_router,
        settling_router,
        media_router,
        inbox_key_router,
        deliveries_router,
        accounts_router,
        cases_router,
        files_router,
        granting_router,
        referrals_router,
        audit_router,
        health_router,
    ):
        api.include_router(router)
    return api


def create_app(settings: Settings, world: World | None = None, *, run_jobs: bool = True) -> FastAPI:
    """The whole backend as one ASGI application.

    Opening happens in the lifespan; a configuration that cannot work raises
    ``ConfigurationError`` there, in words for the operator.
    """
    world = world or World()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            relais = await open_relais(settings, world, stack)
            app.state.relais = relais
            app.state.demo = await start_demo(relais) if settings.mode == "demo" else None
            if run_jobs:
                runner = jobs.Runner(relais, all_handlers())
                app.state.runner = runner
                task = asyncio.create_task(runner.run_forever(), name="jobs")
                stack.push_async_callback(_stop, task)
            yield

    app = FastAPI(
        title="Relais",
        version=VERSION,
        summary="Guided, sealed conversations; and the people who help.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.meters = Meters()
    app.state.reporters = []
    # What FastAPI makes of each route is kept in these, so that a second application has it.
    app.router.routes.extend(_api().routes)
    install_failures(app)
    install_metrics(app)
    install_console(app, settings)
    return app


async def open_relais(settings: Settings, world: World, stack: AsyncExitStack) -> Relais:
    """Keys, database (migrated), texts, directory; the demo's invented ones in demo mode."""
    vault = open_vault(settings, world)
    db = open_database(settings.database_url, settings.sqlite_path)
    stack.push_async_callback(db.close)
    await hold_restored(await migrations.revision(db), settings.draft_keys_path)
    await migrations.upgrade(db)
    await vouch_once(db, vault.keyring, settings.draft_keys_path)
    content = load_content(db, settings.interviews_dir, settings.interview)
    relais = Relais(
        settings=settings,
        world=world,
        db=db,
        vault=vault,
        content=content,
        directory=DirectorySnapshot(db, settings, world),
        files=open_store(settings),
        operator=settings.operator or load_demo().operator,
        bot_tokens={
            channel: token
            for channel in CHANNELS
            if (token := settings.bot_token(channel)) is not None
        },
    )
    await replay_tombstones(relais)
    async with db.write() as tx:
        await content.archive(tx, world.now())
        await housekeeping.ensure(tx, world)
    return relais


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
