"""Telegram as the public emulator plays it: the bot's process between it and a stand-in backend."""

from pathlib import Path
from typing import Any

import pytest

from tests.bots.fake_backend import FakeBackend
from tests.e2e.processes import Process, free_port
from tests.e2e.telegram_emulator import TelegramEmulator, is_installed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not is_installed(), reason="npm ci in tests/node first (make test does)"),
]


def ask(inbound: dict[str, Any]) -> list[dict[str, Any]]:
    """A question with two buttons; a press edits it."""
    if inbound["kind"] == "choice":
        target = [inbound["message_id"]]
        return [{"kind": "edit", "text": f"chosen: {inbound['token']}", "target": target}]
    buttons = [[{"text": "Yes", "token": "t-yes"}, {"text": "No", "token": "t-no"}]]
    return [{"kind": "send", "text": f"You wrote: {inbound.get('text')}", "buttons": buttons}]


def test_conversation_on_the_emulator(tmp_path: Path) -> None:
    """Text, buttons and an edit in place go back and forth over telegram-test-api."""
    with FakeBackend(script=ask) as backend, TelegramEmulator() as telegram:
        port = free_port()
        bot = Process(
            arguments=["-m", "bots.cli", "telegram"],
            environment={
                "RELAIS_BACKEND_URL": backend.url,
                "RELAIS_DATA_DIR": str(tmp_path / "var"),
                "RELAIS_BOT_TOKEN_TELEGRAM": backend.token,
                "RELAIS_BOT_PORT": str(port),
                "RELAIS_TELEGRAM_TOKEN": telegram.token,
                "RELAIS_TELEGRAM_API_URL": telegram.url,
            },
            log=tmp_path / "bot.log",
            ready_url=f"http://127.0.0.1:{port}/healthz",
        )
        try:
            bot.start()
            telegram.write(7, "hello")
            telegram.wait(lambda: telegram.texts(7) == ["You wrote: hello"])
            telegram.press(7, "No")
            telegram.wait(lambda: telegram.texts(7) == ["chosen: t-no"])
            telegram.write(8, "somebody else")
            telegram.wait(lambda: telegram.texts(8) == ["You wrote: somebody else"])
            assert backend.texts("7")[0] == "hello"
            assert bot.stop() == 0
        finally:
            bot.kill()
