"""A command at a terminal, with the daemon: errors in words, and exit code 2."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import typer

from bots.core import BotSettings, ConfigurationError, World, load_settings
from bots.signal.lines import Lost
from bots.signal.rpc import Rpc, RpcError

Work = Callable[[Rpc, BotSettings], Awaitable[None]]


def do(work: Work) -> None:
    """With a connection to the daemon; errors in words, and exit code 2."""

    async def run() -> None:
        settings = load_settings()
        rpc = Rpc(settings.signal_daemon, World())
        try:
            await work(rpc, settings)
        finally:
            await rpc.close()

    try:
        asyncio.run(run())
    except ConfigurationError as error:
        fail(str(error))
    except Lost:
        fail(
            "The Signal daemon does not answer at RELAIS_SIGNAL_DAEMON. Start it, or the bot that "
            "starts it (RELAIS_SIGNAL_CLI), and leave it running."
        )
    except RpcError as error:
        fail(f"Signal refuses: {error.message}")


def fail(words: str) -> NoReturn:
    """Say it, and end."""
    typer.echo(words, err=True)
    raise typer.Exit(2)
