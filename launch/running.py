"""`relais run`: everything on this machine, in the foreground, until Ctrl-C."""

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from collections.abc import AsyncIterator

from fastapi import FastAPI

from backend.demo import open_invitations
from backend.settings import Settings
from launch.serving import serve
from launch.tokens import bot_tokens


async def run(settings: Settings) -> None:
    """Serve, start the bots whose settings are present, and say what to open."""
    tokens = bot_tokens(settings.data_dir)

    async def ready(app: FastAPI) -> None:
        invitations = await open_invitations(app.state.relais) if settings.mode == "demo" else []
        _greet(settings, invitations)

    async with _bots(settings, tokens):
        await serve(settings, tokens, ready)


def _greet(settings: Settings, invitations: list[tuple[str, str]]) -> None:
    base = settings.public_url
    lines = [
        f"1. {base}/  explains. This is a demo with invented organisations."
        if settings.mode == "demo"
        else f"1. {base}/  explains.",
        *(
            f"{number}. {url}  enrols {who}: then link the second phone (line 4)."
            for number, (who, url) in enumerate(invitations[:2], start=2)
        ),
    ]
    if len(lines) == 1:
        lines += [
            f"2. {base}/console  unlocks the console of those who enrolled.",
            f"3. {base}/docs  describes the API; {base}/healthz says how it is.",
        ]
    lines += [
        f"4. {base}/chat?phone=responder  is a responder's phone: send it the console's code.",
        f"5. {base}/chat  is a survivor's phone: write 'hello', ask for help. Ctrl-C stops all.",
    ]
    print("\n".join(["", *lines, ""]), flush=True)


@asynccontextmanager
async def _bots(settings: Settings, tokens: dict[str, str]) -> AsyncIterator[None]:
    """The Telegram bot as its own process, when RELAIS_TELEGRAM_TOKEN is set; ended with us."""
    if not os.environ.get("RELAIS_TELEGRAM_TOKEN"):
        yield
        return
    environment = os.environ | {
        "RELAIS_BACKEND_URL": f"http://127.0.0.1:{settings.port}",
        "RELAIS_BOT_TOKEN_TELEGRAM": tokens["telegram"],
        "RELAIS_DATA_DIR": str(settings.data_dir),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bots.cli", "telegram", env=environment
    )
    try:
        yield
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()
