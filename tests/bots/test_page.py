"""The chat page's API: what a browser sends is kept, what it shows is confirmed."""

import json
from pathlib import Path
from typing import Any

import pytest

from bots.core import BotSettings, ConfigurationError
from bots.page import build
from bots.page.phones import address_of
from tests.bots.fake_backend import FakeBackend
from tests.bots.pages import HEADERS, SECRET, Window, page
from tests.bots.relaying import english
from tests.bots.slow_world import until


async def test_message_and_reply(tmp_path: Path) -> None:
    """A message is kept (202), the other side is typing, and the reply is settled when shown."""
    async with page(tmp_path, FakeBackend()) as here:
        window = Window(here)
        await until(lambda: bool(here.bot._phones.of(address_of(SECRET)).streams))
        answer = await here.post("/messages", {"id": "m1", "kind": "text", "text": "hello"})
        assert answer.status_code == 202
        await until(lambda: len(here.backend.settled("sent")) == 1)
        assert window.texts() == ["you said hello"]
        assert [event["type"] for event in window.events] == ["typing", "bubble"]
        assert here.backend.settled("sent")[0].settled["message_ids"] == ["b-d1"]
        await window.close()


async def test_secret_stays_here(tmp_path: Path) -> None:
    """The backend knows the phone by a hash; the secret reaches neither it nor the disk."""
    async with page(tmp_path, FakeBackend()) as here:
        await here.post("/messages", {"id": "m1", "kind": "text", "text": "hello"})
        await until(lambda: len(here.backend.received) == 1)
        event_id, inbound = here.backend.received[0]
        assert inbound["address"] == address_of(SECRET)
        assert SECRET not in json.dumps([event_id, inbound])
        for file in (tmp_path / "spool").iterdir():
            assert SECRET.encode() not in file.read_bytes()


async def test_same_message_twice_is_one(tmp_path: Path) -> None:
    """A message that a browser repeats is one turn; the same id of another phone is another."""
    async with page(tmp_path, FakeBackend()) as here:
        body = {"id": "m1", "kind": "text", "text": "hello"}
        for _ in range(2):
            assert (await here.post("/messages", body)).status_code == 202
        other = {"X-Relais-Phone": "o" * 43}
        assert (await here.post("/messages", body, other)).status_code == 202
        await until(lambda: len(here.backend.received) == 2)
        addresses = {inbound["address"] for _, inbound in here.backend.received}
        assert len(addresses) == 2


async def test_absent_browser_gets_it_when_it_comes(tmp_path: Path) -> None:
    """Without a window nothing is lost or settled; a window that opens gets it at once."""
    async with page(tmp_path, FakeBackend()) as here:
        job = here.backend.queue(address_of(SECRET), text="an alert")
        await until(lambda: here.backend.job(job).body["fence"] == 1)
        assert here.backend.job(job).status == "pending"
        window = Window(here)
        await until(lambda: here.backend.job(job).status == "sent", 1.5)
        assert window.texts() == ["an alert"]
        await window.close()


async def test_edit_and_clear(tmp_path: Path) -> None:
    """An edit names the bubble it changes; forgetting tells every window to clear itself."""
    async with page(tmp_path, FakeBackend()) as here:
        windows = [Window(here), Window(here)]
        await until(lambda: len(here.bot._phones.of(address_of(SECRET)).streams) == 2)
        buttons = [[{"text": "Yes", "token": "t"}]]
        address = address_of(SECRET)
        here.backend.queue(address, kind="edit", text="new", target=["b-1"], buttons=buttons)
        here.backend.queue(address, kind="forget", target=["b-1"], neutral=True)
        await until(lambda: len(here.backend.settled("sent")) == 2)
        for window in windows:
            edit, clear = window.events
            assert (edit["edit_of"], edit["text"], edit["buttons"]) == ("b-1", "new", buttons)
            assert (clear["type"], clear["neutral"]) == ("clear", True)
            await window.close()


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, {"id": "1", "kind": "text", "text": "x"}, 401),
        ({"X-Relais-Phone": "short"}, {"id": "1", "kind": "text", "text": "x"}, 401),
        (HEADERS, {"id": "1", "kind": "text", "text": "x" * 9000}, 422),
        (HEADERS, {"id": "1", "kind": "text", "text": "x" * 40_000}, 413),
        (HEADERS, {"id": "", "kind": "text"}, 422),
        (HEADERS, {"id": "1", "kind": "own kind"}, 422),
        (HEADERS, ["no", "object"], 422),
    ],
)
async def test_bad_requests(tmp_path: Path, headers: Any, body: Any, status: int) -> None:
    """What is no message of a phone gets a clear code and keeps nothing."""
    async with page(tmp_path, FakeBackend()) as here:
        answer = await here.post("/messages", body, headers)
        assert answer.status_code == status
        assert set(answer.json()) == {"code", "advice"}
        assert await here.bot._relay._spool.event_ids() == []


async def test_rate_per_phone(tmp_path: Path) -> None:
    """A phone that floods is told to wait; another phone is not."""
    async with page(tmp_path, FakeBackend(script=lambda _: [])) as here:
        answers = [
            (await here.post("/messages", {"id": f"m{n}", "kind": "text", "text": "x"}))
            for n in range(60)
        ]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert int(refused[0].headers["Retry-After"]) >= 1
        other = {"X-Relais-Phone": "o" * 43}
        body = {"id": "m", "kind": "text", "text": "x"}
        assert (await here.post("/messages", body, other)).status_code == 202


async def test_no_more_windows_than_allowed(tmp_path: Path) -> None:
    """A fifth window of one phone ends its oldest one."""
    async with page(tmp_path, FakeBackend()) as here:
        windows = []
        phone = here.bot._phones.of(address_of(SECRET))
        for count in (1, 2, 3, 4, 4):
            windows.append(Window(here))
            await until(lambda count=count: len(phone.streams) == count)  # type: ignore[misc]
        await until(windows[0]._task.done)
        assert len(phone.streams) == 4
        for window in windows:
            await window.close()


def test_token_is_wanted(tmp_path: Path) -> None:
    """Without its bearer token the page does not start, and the setting is named."""
    settings = BotSettings.model_validate({"data_dir": tmp_path})
    with pytest.raises(ConfigurationError, match="RELAIS_BOT_TOKEN_PAGE"):
        build(settings, english)
