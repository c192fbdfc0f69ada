"""What no phone sends, and networks at their worst, on Telegram."""

import asyncio
import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from bots.core import SpoolError
from bots.telegram import polling
from tests.bots.fake_backend import FakeBackend
from tests.bots.slow_world import until
from tests.bots.telegrams import telegrams
from tests.e2e.fake_bot_api import BOT_ID

PERSON = {"id": 7, "is_bot": False, "first_name": "Somebody", "language_code": "en"}
CHAT = {"id": 7, "type": "private", "first_name": "Somebody"}
MESSAGE = {"message_id": 5, "date": 1_790_000_000, "from": PERSON, "chat": CHAT}
FILE = {"file_id": "f", "file_unique_id": "u", "file_size": 10, "mime_type": "audio/ogg"}
SEEDS: list[dict[str, Any]] = [
    {"message": MESSAGE | {"text": "words"}},
    {"message": MESSAGE | {"text": "/start from-a-poster"}},
    {"message": MESSAGE | {"voice": FILE, "caption": "voice"}},
    {"message": MESSAGE | {"photo": [FILE, FILE]}},
    {"message": MESSAGE | {"location": {"latitude": 4.3, "longitude": 18.5}}},
    {"message": MESSAGE | {"contact": {"phone_number": "1", "first_name": "x"}}},
    {"message": MESSAGE | {"poll": {"id": "1", "question": "?", "options": []}}},
    {"edited_message": MESSAGE | {"text": "words", "edit_date": 1_790_000_001}},
    {"callback_query": {"id": "9", "from": PERSON, "message": MESSAGE, "data": "q:yes"}},
    {"my_chat_member": {"chat": CHAT, "from": PERSON, "new_chat_member": {"status": "kicked"}}},
]
JUNK: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**63, -(2**70), 10**300, float("1e308"), "", "words", "\x00",
    "\ud800", "\udfff\ud800", "é" * 5000, "\u202e\u2066", [], {}, [[]], [{}], {"id": {}},
    {"chat": None}, {"": ""}, [1, "2", None], json.loads("[" * 400 + "]" * 400),
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a piece of JSON."""
    inside: Iterable[tuple[Any, Any]] = ()
    if len(path) < 6 and isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
    return [path, *(place for key, one in inside for place in places(one, (*path, key)))]


def spoil(update: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """One or a few places of it replaced by junk, or taken out."""
    spoilt = json.loads(json.dumps(update))
    for _ in range(chance.randint(1, 3)):
        *above, last = chance.choice([p for p in places(spoilt) if p])
        parent = spoilt
        for key in above:
            parent = parent[key]
        if chance.random() < 0.25:
            del parent[last]
        else:
            parent[last] = json.loads(json.dumps(chance.choice(JUNK)))
        if not spoilt:
            break
    return dict(spoilt)


@pytest.mark.timeout(180)
async def test_a_thousand_fuzzed_updates_stop_nothing(tmp_path: Path, caplog: Any) -> None:
    """Between them a person writes a hundred messages: each arrives, in order, once."""
    chance = random.Random(20261126)
    backend = FakeBackend(script=lambda _: [])
    async with telegrams(tmp_path, backend) as run:
        wanted = []
        for number in range(1000):
            run.telegram.push(spoil(chance.choice(SEEDS), chance))
            if number % 10 == 0:
                wanted.append(f"message {number}")
                run.telegram.write(70, wanted[-1])
        await until(lambda: run.telegram.unconfirmed() == 0, 120)
        await until(lambda: len(backend.texts("70")) >= len(wanted), 60)
        assert backend.texts("70") == wanted
        assert not run.task.done()
        assert 0 < await run.relay._spool.quarantined() < 1000
    assert "words" not in caplog.text


async def test_half_a_character_costs_nobody_the_message(tmp_path: Path) -> None:
    """A lone surrogate is replaced; what stands around it arrives."""
    backend = FakeBackend(script=lambda _: [])
    async with telegrams(tmp_path, backend) as run:
        run.telegram.write(7, "before \ud83d after")
        await until(lambda: len(backend.texts("7")) == 1)
        assert backend.texts("7") == ["before ? after"]


async def test_a_batch_out_of_order_confirms_nothing_that_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The offset does not pass an update that is not kept because a later one stood first."""
    backend = FakeBackend(script=lambda _: [])
    async with telegrams(tmp_path, backend) as run:
        await until(lambda: not run.relay.health.problems)
        spool = run.relay._spool
        add, full = spool.add, True

        async def fills_up(event_id: str, *around: Any) -> bool:
            if full and event_id == second:
                raise SpoolError("spool_failed", "full")
            return await add(event_id, *around)

        second = run.relay.name(f"{BOT_ID}:5001:{MESSAGE['date']}")

        monkeypatch.setattr(spool, "add", fills_up)
        for number in (5002, 5000, 5001):
            text = {"text": str(number), "message_id": number}
            run.telegram.push({"message": MESSAGE | text}, number)
        await until(lambda: backend.texts("7") == ["5000"])
        await asyncio.sleep(0.3)
        full = False
        await until(lambda: backend.texts("7") == ["5000", "5001", "5002"])


@pytest.mark.parametrize("fault", ["cut", "hold", "drip", "flood"])
async def test_networks_at_their_worst(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections that break, fall silent, drip or are refused: each message is answered."""
    monkeypatch.setattr(polling, "LONG_POLL", 1)
    backend = FakeBackend()
    async with telegrams(tmp_path, backend, telegram_timeout=1.0, unkind=True) as run:
        unkind = run.unkind
        assert unkind is not None
        await until(lambda: not run.relay.health.problems)
        unkind.faults = {fault: 0.2 if fault == "hold" else 0.35}
        for number in range(4):
            run.telegram.write(7, f"m{number}")
            run.telegram.write(8, f"n{number}")
            await asyncio.sleep(0.05)
        wanted = {chat: [f"{p}{n}" for n in range(4)] for chat, p in ((7, "m"), (8, "n"))}

        def answered(chat: int) -> list[str]:
            said = run.telegram.texts(chat)
            return [one for one, before in zip(said, ["", *said], strict=False) if one != before]

        done: Callable[[], bool] = lambda: all(  # noqa: E731
            answered(chat) == [f"you said {one}" for one in wanted[chat]] for chat in wanted
        )
        await until(done, 90)
        assert unkind.done[fault] > 0
        assert backend.texts("7") == wanted[7]
        assert backend.texts("8") == wanted[8]
