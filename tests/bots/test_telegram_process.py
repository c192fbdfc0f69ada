"""The real ``relais-bot telegram`` process: wrong settings, health, and kill -9."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.bots.fake_backend import FakeBackend
from tests.e2e.fake_bot_api import TOKEN, FakeBotApi
from tests.e2e.processes import ROOT, Process, free_port

pytestmark = pytest.mark.slow


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    """Telegram."""
    with FakeBotApi() as api:
        yield api


@pytest.fixture
def backend() -> Iterator[FakeBackend]:
    """The backend."""
    with FakeBackend(lease_seconds=3) as fake:
        yield fake


Start = Callable[..., Process]


@pytest.fixture
def bot(tmp_path: Path, telegram: FakeBotApi, backend: FakeBackend) -> Iterator[Start]:
    """Makes the bot's process, not started; killed at the end."""
    made: list[Process] = []

    def make(**more: str) -> Process:
        made.append(bot_process(tmp_path, telegram, backend, **more))
        return made[-1]

    yield make
    for process in made:
        process.kill()


def bot_process(
    directory: Path, telegram: FakeBotApi, backend: FakeBackend, **more: str
) -> Process:
    """The bot's process, not started."""
    port = free_port()
    return Process(
        arguments=["-m", "bots.cli", "telegram"],
        environment={
            "RELAIS_BACKEND_URL": backend.url,
            "RELAIS_DATA_DIR": str(directory / "var"),
            "RELAIS_BOT_TOKEN_TELEGRAM": backend.token,
            "RELAIS_BOT_PORT": str(port),
            "RELAIS_TELEGRAM_TOKEN": TOKEN,
            "RELAIS_TELEGRAM_API_URL": telegram.url,
            **more,
        },
        log=directory / "bot.log",
        ready_url=f"http://127.0.0.1:{port}/healthz",
    )


def test_kill_9_loses_and_reorders_nothing(
    bot: Start, tmp_path: Path, telegram: FakeBotApi, backend: FakeBackend
) -> None:
    """Killed eight times amid 96 messages of four people: 0 lost, 0 reordered."""
    process = bot()
    people = (1, 2, 3, 4)
    for round_ in range(8):
        process.start()
        for n in range(3):
            for person in people:
                telegram.write(person, f"{round_ * 3 + n}")
        # Kill at another moment each time: while fetching, spooling, handing over or sending.
        goal = len(backend.received) + 1 + round_
        backend.wait(lambda goal=goal: len(backend.received) >= goal)  # type: ignore[misc]
        process.kill()
    process.start()
    backend.wait(lambda: len(backend.received) == 96)
    backend.wait(lambda: len(backend.settled("sent")) == 96, 90)
    assert process.stop() == 0
    numbers = [str(n) for n in range(24)]
    for person in people:
        assert backend.texts(str(person)) == numbers
        shown = telegram.texts(person)
        assert list(dict.fromkeys(shown)) == [f"you said {n}" for n in numbers]
    doubled = sum(len(telegram.texts(person)) for person in people) - 96
    assert doubled <= 8 * len(people)  # only between a send and its confirmation
    log = (tmp_path / "bot.log").read_text()
    assert TOKEN.partition(":")[2] not in log
    assert "you said" not in log


def test_kill_9_loses_and_doubles_no_file(
    bot: Start, tmp_path: Path, telegram: FakeBotApi, backend: FakeBackend
) -> None:
    """Killed eight times amid 48 photos of two people: each is there once, whole, in its order."""
    process = bot()
    sent: dict[int, list[bytes]] = {1: [], 2: []}
    for round_ in range(8):
        process.start()
        for n in range(3):
            for person, photos in sent.items():
                photos.append(bytes([person, round_, n]) * 100_000)
                telegram.photo(person, photos[-1], caption=f"{round_ * 3 + n}")
        # Another moment each time: while fetching, uploading, handing over or answering.
        goal = len(backend.received) + round_ % 3
        backend.wait(lambda goal=goal: len(backend.received) >= goal)  # type: ignore[misc]
        process.kill()
    process.start()
    backend.wait(lambda: len(backend.received) == 48, 60)
    assert process.stop() == 0
    by_id = {file.id: file.data for file in backend.files.values()}
    for person, photos in sent.items():
        assert backend.texts(str(person)) == [str(n) for n in range(24)]
        events = [event for event, inbound in backend.received if inbound["address"] == str(person)]
        named = [backend.named[event] or {} for event in events]
        assert [by_id[one["id"]] for one in named] == photos
    assert len(by_id) == 48
    clear = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert bytes([1, 7, 2]) * 50 not in clear


def test_backend_gone_and_back(
    bot: Start, tmp_path: Path, telegram: FakeBotApi, backend: FakeBackend
) -> None:
    """The bot starts and accepts while the backend's port is closed, tells once, and catches up."""
    process = bot(RELAIS_OFFLINE_AFTER="1")
    process.start()
    telegram.write(1, "first")
    backend.wait(lambda: len(backend.settled("sent")) == 1)
    process.kill()
    backend.stop()
    process.start()
    telegram.write(1, "second", language="fr")
    telegram.write(1, "third", language="fr")
    telegram.wait(lambda: len(telegram.texts(1)) == 2, 30)
    answer = httpx.get(process.ready_url)
    assert answer.status_code == 503
    assert "backend_away" in answer.text
    backend.start()
    backend.wait(lambda: backend.texts("1") == ["first", "second", "third"], 30)
    telegram.wait(lambda: len(telegram.texts(1)) == 4)
    assert process.stop() == 0


def test_metrics_are_served_on_loopback(
    bot: Start, tmp_path: Path, telegram: FakeBotApi, backend: FakeBackend
) -> None:
    """``/healthz`` and ``/metrics`` answer, and count."""
    process = bot()
    process.start()
    telegram.write(1, "hello")
    backend.wait(lambda: len(backend.settled("sent")) == 1)
    metrics = httpx.get(process.ready_url.replace("healthz", "metrics")).text
    assert 'relais_bot_events_total{outcome="accepted"} 1.0' in metrics
    assert httpx.get(process.ready_url).json()["status"] == "good"
    assert httpx.get(process.ready_url.replace("healthz", "else")).status_code == 404
    assert process.stop() == 0


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("RELAIS_TELEGRAM_TOKEN", "1:wrong", "RELAIS_TELEGRAM_TOKEN"),
        ("RELAIS_TELEGRAM_TOKEN", "", "RELAIS_TELEGRAM_TOKEN is not set"),
        ("RELAIS_BOT_TOKEN_TELEGRAM", "", "RELAIS_BOT_TOKEN_TELEGRAM is not set"),
        ("RELAIS_BACKEND_URL", "not an address", "RELAIS_BACKEND_URL"),
        ("RELAIS_BOT_PORT", "many", "RELAIS_BOT_PORT"),
        ("RELAIS_TELEGRAM_WEBHOOK_URL", "https://x.example", "RELAIS_TELEGRAM_WEBHOOK_SECRET"),
        ("RELAIS_DATA_DIR", "/dev/null", "RELAIS_DATA_DIR"),
    ],
)
def test_wrong_settings_are_said_at_once(
    bot: Start,
    setting: str,
    value: str,
    said: str,
) -> None:
    """The bot ends with code 2 and names the setting, without its value and without a traceback."""
    process = bot()
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, *process.arguments],
        env=process.environment | {setting: value},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    if value and setting != "RELAIS_DATA_DIR":
        assert value not in ended.stderr
    assert time.monotonic() - began < 20


def test_taken_health_port_is_said(
    bot: Start, tmp_path: Path, telegram: FakeBotApi, backend: FakeBackend
) -> None:
    """A health port that another process has is named, with the setting that moves it."""
    process = bot()
    process.environment["RELAIS_BOT_PORT"] = backend.url.rpartition(":")[2]
    ended = subprocess.run(
        [sys.executable, *process.arguments],
        env=process.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert "RELAIS_BOT_PORT" in ended.stderr
