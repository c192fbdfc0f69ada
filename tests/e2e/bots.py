"""Bots as processes of their own: Telegram, Signal and Matrix on their servers."""

from pathlib import Path

from tests.e2e.processes import Process, bot_token, free_port


def telegram_process(directory: Path, backend_port: int, api_url: str, token: str) -> Process:
    """`relais-bot telegram`, polling."""
    settings = {"RELAIS_TELEGRAM_TOKEN": token, "RELAIS_TELEGRAM_API_URL": api_url}
    return _process("telegram", directory, backend_port, settings)


def matrix_process(
    directory: Path, backend_port: int, homeserver: str, user: str, password: str
) -> Process:
    """`relais-bot matrix`."""
    return _process("matrix", directory, backend_port, matrix_settings(homeserver, user, password))


def signal_process(directory: Path, backend_port: int, daemon: str) -> Process:
    """`relais-bot signal`, with a daemon that runs already."""
    settings = {
        "RELAIS_SIGNAL_DAEMON": daemon,
        "RELAIS_SIGNAL_FOLDER": str(directory / "signal-cli"),
        "RELAIS_SIGNAL_CANARY_MINUTES": "0",
    }
    return _process("signal", directory, backend_port, settings)


def matrix_settings(homeserver: str, user: str, password: str) -> dict[str, str]:
    """The bot's account."""
    return {
        "RELAIS_MATRIX_HOMESERVER": homeserver,
        "RELAIS_MATRIX_USER": user,
        "RELAIS_MATRIX_PASSWORD": password,
        "RELAIS_MATRIX_STORE_KEY": "store-key-of-a-test-of-40-characters-xxx",
    }


def _process(channel: str, directory: Path, backend_port: int, settings: dict[str, str]) -> Process:
    port = free_port()
    return Process(
        arguments=["-m", "bots.cli", channel],
        environment={
            "RELAIS_BACKEND_URL": f"http://127.0.0.1:{backend_port}",
            f"RELAIS_BOT_TOKEN_{channel.upper()}": bot_token(channel),
            "RELAIS_DATA_DIR": str(directory / "bot"),
            "RELAIS_BOT_PORT": str(port),
            "RELAIS_OFFLINE_AFTER": "600",
            **settings,
        },
        log=directory / "bot.log",
        ready_url=f"http://127.0.0.1:{port}/healthz",
    )
