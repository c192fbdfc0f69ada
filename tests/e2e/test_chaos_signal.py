"""kill -9 of bot and backend at random moments, on Signal: nothing that was read is lost.

Signal's daemon confirms a message before anybody here has it. What it had written to a bot that
died before reading is gone; how much that is is counted, and those people write again. Everything
else is as in test_chaos.
"""

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.e2e.bots import signal_process
from tests.e2e.fake_signal import FakeSignal
from tests.e2e.processes import Process, backend_process, free_port
from tests.e2e.test_chaos import SCRIPT, damage_of, quiet
from tests.e2e.unkind import INSIDE, Unkind

PEOPLE = 8


def name(number: int) -> str:
    """A person's id."""
    return f"6f0c1a52-6f5e-4f6e-9a55-{number:012}"


def kept_ever(folder: Path) -> int:
    """How many frames the bot ever had on its disk."""
    path = folder / "bot" / "spool" / "signal.db"
    with closing(sqlite3.connect(path)) as spool:
        row = spool.execute("SELECT seq FROM sqlite_sequence WHERE name = 'frames'").fetchone()
    return 0 if row is None else int(row[0])


def unread(signal: FakeSignal, folder: Path, known: int) -> list[bytes]:
    """Of a dead bot: what was written to it and never reached its disk; always the last ones.

    ``known``: how many were found so before.
    """
    signal.wait(lambda: not signal.listened_to)
    count = len(signal.written) - known - kept_ever(folder)
    return signal.written[len(signal.written) - count :] if count else []


@pytest.mark.parametrize("way", ["socket", pytest.param("port", marks=pytest.mark.long)])
@pytest.mark.parametrize("kills", [3, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.timeout(3600)
def test_kills_lose_nothing_that_was_read(
    kills: int, way: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """0 lost and 0 reordered of what was read; what nobody read is counted."""
    chance = random.Random(kills)
    port = free_port()
    with ExitStack() as stack:
        socket = tmp_path / "socket" if way == "socket" else None
        signal = stack.enter_context(FakeSignal(socket=socket))
        inside = stack.enter_context(Unkind(f"http://127.0.0.1:{port}", chance, b""))
        backend = backend_process(tmp_path, port=port)
        bot = signal_process(tmp_path, inside.port, signal.address)
        backend.start()
        bot.start()
        try:
            peace = _in_peace(signal)
            inside.faults = INSIDE
            people, lost = _under_fire(signal, (backend, bot), kills, chance, tmp_path)
            inside.faults = {}
            damage = damage_of(peace, people, signal.texts)
        finally:
            bot.stop()
            backend.stop()
    met = f"{lost} of {len(signal.written)} frames written to a dead bot"
    record_property(
        "chaos", f"signal by {way}: {kills} kills, {len(people)} people, {met}: {damage}"
    )
    assert (damage.lost, damage.reordered) == (0, 0)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"vermillion" not in path.read_bytes(), path.name


def _in_peace(signal: FakeSignal) -> list[str]:
    for text in SCRIPT:
        before = len(signal.texts(name(1)))
        signal.write(name(1), text)
        signal.wait(lambda before=before: len(signal.texts(name(1))) > before, 20)  # type: ignore[misc]
        quiet(lambda: signal.texts(name(1)))
    return signal.texts(name(1))


def _under_fire(
    signal: FakeSignal,
    victims: tuple[Process, Process],
    kills: int,
    chance: random.Random,
    folder: Path,
) -> tuple[list[str], int]:
    """The people, and how many frames nobody read."""
    people: list[str] = []
    bot, lost, left = victims[1], 0, kills
    while left > 0:
        group = [name(100 + len(people) + n) for n in range(PEOPLE)]
        people += group
        for text in SCRIPT:
            for person in group:
                signal.write(person, text)
            if left > 0:
                time.sleep(chance.uniform(0.0, 0.5))
                victim = chance.choice(victims)
                victim.kill()
                if victim is bot:
                    gone = unread(signal, folder, lost)
                    lost += len(gone)
                    signal.again(gone)
                victim.start()
                left -= 1
    return people, lost
