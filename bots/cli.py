"""``relais-bot``: one process a channel."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import structlog
import typer

from bots.core import (
    BotSettings,
    ConfigurationError,
    Relay,
    Spool,
    SpoolError,
    World,
    configure_logging,
    guard_loop,
    load_settings,
    offline_texts,
    serve_health,
)
from bots.telegram import TelegramAdapter
from i18n import Catalogues

app = typer.Typer(
    help="Carries words between one messenger and the backend. Settings: RELAIS_… (see docs).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _bots() -> None:
    """One subcommand a channel."""


@app.command()
def telegram() -> None:
    """Run the Telegram bot until interrupted."""
    raise typer.Exit(_run_telegram())


@app.command()
def requeue(channel: str) -> None:
    """Hand over again what was put aside (after an upgrade; stop the bot first)."""
    try:
        count = asyncio.run(_requeue(load_settings(), channel))
    except (ConfigurationError, SpoolError) as error:
        print(f"relais-bot requeue cannot do it:\n{error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"{count} event(s) will be handed over when the bot starts.")


async def _requeue(settings: BotSettings, channel: str) -> int:
    path = settings.spool_path(channel)
    if not path.is_file():
        raise ConfigurationError(f"There is no spool of a channel {channel!r} here: {path}.")
    spool = Spool.open(path)
    try:
        return await spool.requeue()
    finally:
        spool.close()


def _run_telegram() -> int:
    try:
        settings = load_settings()
        configure_logging(settings.log_format)
        asyncio.run(_telegram(settings))
    except ConfigurationError as error:
        print(f"relais-bot telegram cannot start:\n{error}", file=sys.stderr)
        return 2
    return 0


async def _telegram(settings: BotSettings) -> None:
    guard_loop(asyncio.get_running_loop())
    settings.secret("telegram_token")
    texts = offline_texts(Catalogues.load())
    relay = Relay.open(settings, "telegram", texts, World())
    adapter = TelegramAdapter(
        settings,
        accept=relay.accept,
        put_aside=relay.put_aside,
        texts=texts,
        world=relay.world,
        health=relay.health,
        get=relay.attachment,
    )
    server = await serve_health(relay.health, settings.port_for("telegram"))
    port = server.sockets[0].getsockname()[1]
    structlog.get_logger("relais.bot").info("started", channel="telegram", health_port=port)
    try:
        await _until_signal(relay.run(adapter))
    finally:
        server.close()


async def _until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work``; SIGINT and SIGTERM cancel it in good order."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
