"""Telegram as the public emulator plays it: first against a stand-in backend, then in full."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.bots.fake_backend import FakeBackend
from tests.e2e.bots import telegram_process
from tests.e2e.console_client import enrol_and_get_code, go_on_call
from tests.e2e.processes import Process, free_port, run_process
from tests.e2e.story import SENTINEL, asks_for_help, tells_everything
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


@dataclass
class Telegram:
    """One chat on the emulator. ``meanwhile`` happens after each thing its owner does."""

    emulator: TelegramEmulator
    chat: int
    meanwhile: Callable[[], None] = lambda: None
    expected: list[str] = field(default_factory=list)

    def says(self, text: str, expects: str) -> None:
        """Write."""
        before = self._count(expects)
        self.emulator.write(self.chat, text)
        self._hears(expects, before)

    def presses(self, label: str, expects: str) -> None:
        """Press the newest button with this label."""
        before = self._count(expects)
        self.emulator.press(self.chat, label)
        self._hears(expects, before)

    def ticks(self, label: str) -> None:
        """Press the option; its bubble is edited in place."""
        self.emulator.press(self.chat, f"☐ {label}")
        self.meanwhile()
        self.emulator.wait(lambda: self.emulator.shows(self.chat, f"☑ {label}"), timeout=40)

    def _count(self, expects: str) -> int:
        return sum(expects in text for text in self.emulator.texts(self.chat))

    def _hears(self, expects: str, before: int) -> None:
        self.expected.append(expects)
        self.meanwhile()
        try:
            self.emulator.wait(lambda: self._count(expects) > before, timeout=40)
        except TimeoutError:
            last = self.emulator.texts(self.chat)[-3:]
            raise AssertionError(f"waited for {expects!r}, heard last: {last}") from None


def test_the_whole_path_on_the_emulator_through_kills(tmp_path: Path) -> None:
    """A full interview, alert and take on telegram-test-api, with kill -9 at every fourth step.

    Everything expected is said, in order; what is said twice is a send whose confirmation was cut.
    """
    chance = random.Random(3)
    port = free_port()
    backend = run_process(tmp_path, port)
    kills = steps = 0
    with TelegramEmulator() as telegram:
        bot = telegram_process(tmp_path, port, telegram.url, telegram.token)
        backend.start()
        bot.start()

        def kill_now_and_then() -> None:
            nonlocal kills, steps
            steps += 1
            if steps % 4 == 0:
                kills += 1
                time.sleep(chance.uniform(0, 0.1))
                victim = chance.choice([bot, backend])
                victim.kill()
                victim.start()

        try:
            responder = Telegram(telegram, 99)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                code = enrol_and_get_code(client, backend.log.read_text())
                responder.says(code, "Linked")
                go_on_call(client)
            person = Telegram(telegram, 7, kill_now_and_then)
            asks_for_help(person)
            telegram.wait(lambda: "health care" in telegram.texts(99)[-1], timeout=40)
            responder.presses("Take", "is yours")
            tells_everything(person)
        finally:
            bot.stop()
            backend.stop()
        assert kills >= 7
        _in_order(telegram.texts(7), person.expected)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SENTINEL.encode() not in path.read_bytes(), path.name


def _in_order(said: list[str], expected: list[str]) -> None:
    """Every expected text is there, each after the one before."""
    at = -1
    for words in expected:
        at = next((n for n in range(at + 1, len(said)) if words in said[n]), -1)
        assert at >= 0, f"missing or out of order: {words}"
