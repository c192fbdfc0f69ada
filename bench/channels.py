"""A hundred people at once on a messenger: our bot's process, our backend, a real or fake server.

Rates are from the first message until the backend has the last one (and on Matrix until every
answer left). Delays are from a message until its answer stands in the chat, with people who write
at random moments. Memory is the bot's own, after all of it.
"""

import asyncio
import logging
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import nio

from bench.results import Row
from tests.bots.matrices import PASSWORD, Person, sign_in
from tests.e2e.bots import matrix_process, telegram_process
from tests.e2e.fake_bot_api import FakeBotApi
from tests.e2e.processes import ROOT, Process, backend_process, free_port
from tests.synapse import Synapse, running_synapse

PEOPLE: Final = 100
ANSWERS: Final = ("hello", "1", "1", "1", "4", "5", "2", "1", "1", "help", "status", "back")
CALM_SECONDS: Final = 20.0
"""Each person writes once in this time."""


def measure() -> list[Row]:
    """Both channels."""
    logging.getLogger("nio").setLevel(logging.CRITICAL)  # of a hundred people's own clients
    return [*measure_telegram(), *measure_matrix()]


def measure_telegram() -> list[Row]:
    """The fake Bot API is a process's thread here; the bot and the backend are real processes."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        telegram = stack.enter_context(FakeBotApi())
        bot = _started(
            stack,
            Path(folder),
            lambda port: telegram_process(Path(folder), port, telegram.url, telegram.token),
        )
        delays = _telegram_calm(telegram)
        before = _counted(bot, "events", "handed_over")
        many = PEOPLE * len(ANSWERS)
        started = time.perf_counter()
        for text in ANSWERS:
            for chat in range(1000, 1000 + PEOPLE):
                telegram.write(chat, text)
        _wait(lambda: _counted(bot, "events", "handed_over") - before >= many)
        rate = many / (time.perf_counter() - started)
        memory = _memory_mb(bot)
    return [
        Row(
            "telegram_updates_per_s",
            rate,
            "updates/s",
            "python-telegram-bot run_polling, which keeps nothing",
            _peer_updates_per_s(many),
        ),
        Row("telegram_answer_p95_ms", _p95_ms(delays), "ms"),
        Row("telegram_memory_mb", memory, "MB, 100 people"),
    ]


def _telegram_calm(telegram: FakeBotApi) -> list[float]:
    """Seconds until each of a hundred newcomers sees the first answer."""
    chance = random.Random(20261127)
    moments = sorted((chance.uniform(0, CALM_SECONDS), 100 + n) for n in range(PEOPLE))
    began = time.monotonic()
    wrote = {}
    for moment, chat in moments:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        wrote[chat] = time.monotonic()
        telegram.write(chat, "hello")
    _wait(lambda: all(telegram.shown(chat) for chat in wrote))
    first: dict[int, float] = {}
    for call in telegram.made("sendMessage"):
        first.setdefault(int(call.parameters["chat_id"]), call.at)
    return [first[chat] - at for chat, at in wrote.items()]


def _peer_updates_per_s(many: int) -> float:
    with FakeBotApi() as telegram:
        command = [sys.executable, "-m", "bench.echo_telegram", telegram.url, telegram.token]
        peer = subprocess.Popen(
            [*command, str(many)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            _wait(lambda: bool(telegram.made("getUpdates")))
            started = time.perf_counter()
            for text in ANSWERS:
                for chat in range(1000, 1000 + PEOPLE):
                    telegram.write(chat, text)
            assert peer.stdout is not None
            peer.stdout.readline()
            return many / (time.perf_counter() - started)
        finally:
            peer.terminate()
            peer.wait(10)


def measure_matrix() -> list[Row]:
    """A real Synapse, and a hundred clients of the library, each in an encrypted room."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        synapse = stack.enter_context(running_synapse(free_port()))
        user = synapse.register("chat", PASSWORD)
        bot = _started(
            stack,
            Path(folder),
            lambda port: matrix_process(Path(folder), port, synapse.url, user, PASSWORD),
        )

        async def story() -> tuple[float, list[float]]:
            names = [synapse.register(f"p{n}", PASSWORD) for n in range(PEOPLE)]
            async with _people(synapse, names, user) as people:
                delays = await _matrix_calm(people)
                return await _matrix_rate(people, bot), delays

        rate, delays = asyncio.run(story())
        memory = _memory_mb(bot)
    return [
        Row("matrix_msgs_per_s", rate, "messages/s, both ways"),
        Row("matrix_answer_p95_ms", _p95_ms(delays), "ms, by the server's clock"),
        Row("matrix_memory_mb", memory, "MB, 100 people"),
    ]


@asynccontextmanager
async def _people(synapse: Synapse, names: list[str], bot: str) -> AsyncIterator[list[Person]]:
    people = []
    try:
        for name in names:
            one = await sign_in(synapse, name, bot)
            people.append(await one.meet())
        for one in people:
            await one.joined()
        yield people
    finally:
        for one in people:
            await one.client.close()


async def _matrix_calm(people: list[Person]) -> list[float]:
    chance = random.Random(20261128)

    async def once(one: Person) -> None:
        await asyncio.sleep(chance.uniform(0, CALM_SECONDS))
        await one.says("hello")

    await asyncio.gather(*(once(one) for one in people))
    await asyncio.sleep(2)
    return [delay for one in people for delay in await _delays(one)]


async def _delays(one: Person) -> list[float]:
    """Seconds between her message and the bot's next one, as the server stamped them."""
    answer = await one.client.room_messages(one.room, "", limit=100)
    assert isinstance(answer, nio.RoomMessagesResponse), answer
    said = {
        sender: [e.server_timestamp for e in answer.chunk if _is_said(e) and e.sender == sender]
        for sender in (one.user, one.bot)
    }
    return [(min(said[one.bot]) - min(said[one.user])) / 1000]


def _is_said(event: Any) -> bool:
    return isinstance(event, nio.RoomMessage | nio.MegolmEvent)


async def _matrix_rate(people: list[Person], bot: Process) -> float:
    answers = ANSWERS[1:7]
    many = PEOPLE * len(answers)
    before = await asyncio.to_thread(_both_ways, bot)
    started = time.perf_counter()

    async def talk(one: Person) -> None:
        for text in answers:
            await one.says(text)

    await asyncio.gather(*(talk(one) for one in people))
    while True:
        handed, sent = await asyncio.to_thread(_both_ways, bot)
        if handed - before[0] >= many and sent - before[1] >= many:
            return (handed - before[0] + sent - before[1]) / (time.perf_counter() - started)
        await asyncio.sleep(0.05)


def _both_ways(bot: Process) -> tuple[float, float]:
    return _counted(bot, "events", "handed_over"), _counted(bot, "deliveries", "sent")


def _started(stack: ExitStack, folder: Path, make: Callable[[int], Process]) -> Process:
    port = free_port()
    backend = backend_process(folder, port=port)
    bot = make(port)
    for process in (backend, bot):
        stack.callback(process.stop)
        process.start()
    return bot


def _counted(bot: Process, what: str, outcome: str) -> float:
    text = httpx.get(bot.ready_url.replace("healthz", "metrics"), timeout=10).text
    line = f'relais_bot_{what}_total{{outcome="{outcome}"}} '
    found = [one for one in text.splitlines() if one.startswith(line)]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


def _memory_mb(bot: Process) -> float:
    """Resident, as Linux counts it."""
    assert bot.running is not None
    status = Path(f"/proc/{bot.running.pid}/status").read_text()
    (line,) = [one for one in status.splitlines() if one.startswith("VmRSS:")]
    return int(line.split()[1]) / 1000


def _wait(condition: Callable[[], bool], seconds: float = 300) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.05)


def _p95_ms(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)] * 1000
