"""``relais-bot``: one process a channel."""

import asyncio
import sys
from collections.abc import Callable
from typing import Final

import structlog
import typer

from bots.core import (
    Adapter,
    BotSettings,
    ConfigurationError,
    Kit,
    Relay,
    Spool,
    SpoolError,
    World,
    configure_logging,
    guard_loop,
    load_settings,
    offline_texts,
    serve_health,
    until_signal,
)
from bots.signal.setting_up import setting_up
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
    raise typer.Exit(_run("telegram", TelegramAdapter))


@app.command()
def matrix() -> None:
    """Run the Matrix bot until interrupted."""
    from bots.matrix import MatrixAdapter  # noqa: PLC0415  a second that other bots need not wait

    raise typer.Exit(_run("matrix", MatrixAdapter))


app.add_typer(setting_up, name="signal")


@setting_up.callback()
def signal_bot(context: typer.Context) -> None:
    """Run the Signal bot until interrupted; or do by hand what is below."""
    if context.invoked_subcommand is None:
        from bots.signal import SignalAdapter  # noqa: PLC0415  a second that others need not wait

        raise typer.Exit(_run("signal", SignalAdapter))


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


Make = Callable[[BotSettings, Kit], Adapter]
"""An adapter's class: all are made of the same parts."""


def _run(channel: str, make: Make) -> int:
    try:
        settings = load_settings()
        configure_logging(settings.log_format)
        asyncio.run(_serve(channel, settings, make))
    except ConfigurationError as error:
        print(f"relais-bot {channel} cannot start:\n{error}", file=sys.stderr)
        return 2
    return 0


_SECRETS: Final = {
    "telegram": ("telegram_token",),
    "signal": ("bot_token_signal",),
    "matrix": ("matrix_homeserver", "matrix_user", "matrix_store_key"),
}


async def _serve(channel: str, settings: BotSettings, make: Make) -> None:
    guard_loop(asyncio.get_running_loop())
    for name in _SECRETS[channel]:
        settings.required(name)
    texts = offline_texts(Catalogues.load())
    relay = Relay.open(settings, channel, texts, World())
    adapter = make(settings, relay.kit)
    server = await serve_health(relay.health, settings.port_for(channel))
    port = server.sockets[0].getsockname()[1]
    structlog.get_logger("relais.bot").info("started", channel=channel, health_port=port)
    try:
        await until_signal(relay.run(adapter))
    finally:
        server.close()


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
