"""Bots as processes of their own: Telegram on a fake Bot API, Matrix on a real Synapse."""

from pathlib import Path

from tests.e2e.processes import Process, bot_token, free_port


def telegram_process(directory: Path, backend_port: int, api_url: str, token: str) -> Process:
    """`relais-bot telegram`, polling."""
    port = free_port()
    return Process(
        arguments=["-m", "bots.cli", "telegram"],
        environment={
            "RELAIS_BACKEND_URL": f"http://127.0.0.1:{backend_port}",
            "RELAIS_BOT_TOKEN_TELEGRAM": bot_token("telegram"),
            "RELAIS_DATA_DIR": str(directory / "bot"),
            "RELAIS_TELEGRAM_TOKEN": token,
            "RELAIS_TELEGRAM_API_URL": api_url,
            "RELAIS_BOT_PORT": str(port),
            "RELAIS_OFFLINE_AFTER": "600",
        },
        log=directory / "bot.log",
        ready_url=f"http://127.0.0.1:{port}/healthz",
    )


def matrix_process(
    directory: Path, backend_port: int, homeserver: str, user: str, password: str
) -> Process:
    """`relais-bot matrix`."""
    port = free_port()
    return Process(
        arguments=["-m", "bots.cli", "matrix"],
        environment={
            "RELAIS_BACKEND_URL": f"http://127.0.0.1:{backend_port}",
            "RELAIS_BOT_TOKEN_MATRIX": bot_token("matrix"),
            "RELAIS_DATA_DIR": str(directory / "bot"),
            "RELAIS_MATRIX_HOMESERVER": homeserver,
            "RELAIS_MATRIX_USER": user,
            "RELAIS_MATRIX_PASSWORD": password,
            "RELAIS_MATRIX_STORE_KEY": "store-key-of-a-test-of-40-characters-xxx",
            "RELAIS_BOT_PORT": str(port),
            "RELAIS_OFFLINE_AFTER": "600",
        },
        log=directory / "bot.log",
        ready_url=f"http://127.0.0.1:{port}/healthz",
    )
