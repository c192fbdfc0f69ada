"""kill -9 of bot, backend and PostgreSQL at random moments: what is lost, reordered, doubled.

Meanwhile the networks between them break, fall silent, drip and refuse (see unkind), and updates
come shuffled and twice.
Each person follows one script. What the bot says to somebody in peace is the measure: the same
texts in the same order must reach everybody else through the kills. A text that arrives twice in a
row is a double; Telegram allows one only between a send and its confirmation.
"""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from tests.e2e.bots import telegram_process
from tests.e2e.fake_bot_api import FakeBotApi
from tests.e2e.processes import backend_process, free_port
from tests.e2e.unkind import INSIDE, NETWORK, TELEGRAM_FLOOD, Unkind
from tests.postgresql import running_postgres

Who = TypeVar("Who")
SENTINEL = "Qzx7 vermillion heron"
SCRIPT = (
    "hello",
    SENTINEL,
    "1",
    "1",
    "2",
    "help",
    "1 2",
    "status",
    "3",
    "repeat",
    "back",
    "2",
    "2",
    "repeat",
)
PEOPLE = 8


class Victim(Protocol):
    """What can be killed and started again."""

    def kill(self) -> None:
        """Without a warning."""

    def start(self) -> None:
        """Until it answers."""


@dataclass
class Damage:
    """What the kills did to everybody together."""

    lost: int = 0
    reordered: int = 0
    doubled: int = 0
    unexplained: int = 0
    """Doubles with no kill and no lost answer between the two: those would be a fault."""


def compare(peace: list[str], heard: list[str]) -> Damage:
    """Take doubles out, then hold what is left against what was said in peace."""
    damage = Damage()
    once: list[str] = []
    for text in heard:
        # the same text may rightly stand twice in a row in the script's answers
        here = len(once)
        if once and text == once[-1] and (here >= len(peace) or peace[here] != text):
            damage.doubled += 1
        else:
            once.append(text)
    if once == peace:
        return damage
    missing = list(peace)
    for text in once:
        if text in missing:
            missing.remove(text)
    damage.lost = len(missing)
    damage.reordered = 0 if missing else 1
    return damage


def all_said(telegram: FakeBotApi, chat: int) -> list[str]:
    """Everything the bot ever sent to this chat, doubles included."""
    return [
        message.text for message in telegram.messages if message.by_bot and message.chat == chat
    ]


def wait_until_said(telegram: FakeBotApi, chat: int, count: int, seconds: float) -> None:
    """Until at least ``count`` texts arrived."""
    until = time.monotonic() + seconds
    while len(all_said(telegram, chat)) < count and time.monotonic() < until:
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("database", "kills"),
    [
        ("sqlite", 5),
        pytest.param("postgresql", 2, marks=pytest.mark.long),
        pytest.param("sqlite", 500, marks=pytest.mark.long),
        pytest.param("postgresql", 200, marks=pytest.mark.long),
    ],
)
@pytest.mark.timeout(3600)
def test_kills_lose_and_reorder_nothing(
    kills: int, database: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """0 lost and 0 reordered; each double is explained by a kill or by an answer that was lost."""
    chance = random.Random(kills)  # the same kills at every run
    port = free_port()
    with ExitStack() as stack:
        victims: list[Victim] = []
        url = ""
        if database == "postgresql":
            server = stack.enter_context(running_postgres(durable=True))
            url = server.url(server.create_database())
            victims.append(server)
        backend = backend_process(tmp_path, port=port, database_url=url)
        telegram = stack.enter_context(FakeBotApi())
        network = stack.enter_context(Unkind(telegram.url, chance, TELEGRAM_FLOOD))
        inside = stack.enter_context(Unkind(f"http://127.0.0.1:{port}", chance, b""))
        bot = telegram_process(tmp_path, inside.port, network.url, telegram.token)
        backend.start()
        bot.start()
        try:
            peace = _in_peace(telegram)
            network.faults, inside.faults = NETWORK, INSIDE
            telegram.disorder = random.Random(kills)
            killed: list[float] = network.blows
            done = _under_fire(telegram, [backend, bot, *victims], kills, chance, killed)
            network.faults, inside.faults = {}, {}
            damage = damage_of(peace, done, lambda chat: all_said(telegram, chat))
            damage.unexplained = _unexplained(telegram, peace, killed)
        finally:
            bot.stop()
            backend.stop()
    met = f"{dict(network.done)} outside, {dict(inside.done)} inside"
    record_property("chaos", f"{database}: {kills} kills, {len(done)} people, {met}: {damage}")
    assert (damage.lost, damage.reordered) == (0, 0)
    _nowhere(tmp_path)
    assert damage.unexplained == 0


def _unexplained(telegram: FakeBotApi, peace: list[str], killed: list[float]) -> int:
    """The same text to the same chat twice in a row, and nothing happened in between."""
    rightly = {text for text, following in pairwise(peace) if text == following}
    found = 0
    before: dict[str, tuple[str, float]] = {}
    for call in telegram.calls:
        if call.method != "sendMessage" or call.status != 200:
            continue
        chat, text = str(call.parameters["chat_id"]), str(call.parameters["text"])
        said, at = before.get(chat, ("", 0.0))
        before[chat] = (text, call.at)
        # a request that was on its way when its sender was killed arrives a moment after
        explained = any(at - 1 <= moment <= call.at for moment in killed)
        if said == text and text not in rightly and not explained:
            found += 1
    return found


def _nowhere(folder: Path) -> None:
    """Spools, database, write-ahead log and both logs, after all the kills: none has her words."""
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            for encoding in ("utf-8", "utf-16-le"):
                assert "vermillion".encode(encoding) not in content, path.name


def _in_peace(telegram: FakeBotApi) -> list[str]:
    heard = 0
    for text in SCRIPT:
        telegram.write(1, text)
        wait_until_said(telegram, 1, heard + 1, 20)
        heard = quiet(lambda: all_said(telegram, 1))
    return all_said(telegram, 1)


def quiet(said: Callable[[], list[str]]) -> int:
    """Wait until nothing more comes (an answer may have several bubbles, one a second)."""
    count = len(said())
    while True:
        time.sleep(1.4)
        now = len(said())
        if now == count:
            return count
        count = now


def _under_fire(
    telegram: FakeBotApi,
    processes: list[Victim],
    kills: int,
    chance: random.Random,
    killed: list[float],
) -> list[int]:
    """Kill now and then while groups of people write; returns their chats."""
    chats: list[int] = []
    left = kills
    while left > 0:
        group = [100 + len(chats) + n for n in range(PEOPLE)]
        chats += group
        for text in SCRIPT:
            for chat in group:
                telegram.write(chat, text)
            if left > 0:
                time.sleep(chance.uniform(0.0, 0.6))
                victim = chance.choice(processes)
                victim.kill()
                killed.append(time.monotonic())
                victim.start()
                left -= 1
    return chats


def damage_of(peace: list[str], people: Sequence[Who], said: Callable[[Who], list[str]]) -> Damage:
    """What ``said`` (everything that a person was told) shows, once nothing more comes."""
    total = Damage()
    until = time.monotonic() + 120
    for person in people:
        # not by their number: doubles would make up for what is still on its way
        while compare(peace, said(person)).lost and time.monotonic() < until:
            time.sleep(0.1)
    quiet(lambda: said(people[-1]))
    for person in people:
        one = compare(peace, said(person))
        total.lost += one.lost
        total.reordered += one.reordered
        total.doubled += one.doubled
    return total


def test_the_measure_itself_sees_loss_order_and_doubles() -> None:
    """The comparison can fail: a missing, a swapped and a repeated text are told apart."""
    peace = ["a", "b", "b", "c"]
    assert compare(peace, ["a", "b", "b", "c"]) == Damage()
    assert compare(peace, ["a", "a", "b", "b", "c"]) == Damage(doubled=1)
    assert compare(peace, ["a", "b", "c"]).lost == 1
    assert compare(peace, ["b", "a", "b", "c"]).reordered == 1
