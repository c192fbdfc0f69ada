"""`relais run`: everything on this machine, in the foreground, until Ctrl-C."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from backend.demo.start import DemoInvitation
from backend.settings import Settings
from launch.serving import serve
from launch.tokens import bot_tokens


async def run(settings: Settings) -> None:
    """Serve, start the bots whose settings are present, and say what to open."""
    tokens = bot_tokens(settings.data_dir)

    async def ready(app: FastAPI) -> None:
        demo = app.state.demo
        _greet(settings, demo.invitations if demo is not None else ())

    async with _bots(settings, tokens):
        await serve(settings, tokens, ready)


def _greet(settings: Settings, invitations: tuple[DemoInvitation, ...]) -> None:
    """Five lines: what to open and what to try."""
    base = settings.public_url
    what = " A demo: every organisation is invented." if settings.mode == "demo" else ""
    enrol = [f"{one.url} (enrol {one.name}, tier {one.tier})" for one in invitations]
    lines = [
        f"{base}/ explains what this is.{what}",
        " | ".join(enrol) or f"{base}/console unlocks the console of those who enrolled.",
        f"{base}/chat?phone=responder is a responder's phone: send it the code of the console.",
        f"{base}/chat is a survivor's phone: write 'hello', and ask for help.",
        f"{base}/docs is the API, {base}/healthz says how it is. Ctrl-C stops everything.",
    ]
    print("\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(lines, 1)) + "\n", flush=True)


_ACCOUNTS: Final = {
    "telegram": ("RELAIS_TELEGRAM_TOKEN",),
    "matrix": ("RELAIS_MATRIX_USER",),
    "signal": ("RELAIS_SIGNAL_CLI", "RELAIS_SIGNAL_DAEMON"),
}
"""Channel -> settings, one of which must be there for a bot of it."""


@asynccontextmanager
async def _bots(settings: Settings, tokens: dict[str, str]) -> AsyncIterator[None]:
    """Each bot whose account is set, as its own process; ended with us."""
    processes = []
    for channel, any_of in _ACCOUNTS.items():
        if any(os.environ.get(setting) for setting in any_of):
            environment = os.environ | {
                "RELAIS_BACKEND_URL": f"http://127.0.0.1:{settings.port}",
                f"RELAIS_BOT_TOKEN_{channel.upper()}": tokens[channel],
                "RELAIS_DATA_DIR": str(settings.data_dir),
            }
            processes.append(
                await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "bots.cli", channel, env=environment
                )
            )
    try:
        yield
    finally:
        await asyncio.gather(*(_end(process) for process in processes))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
