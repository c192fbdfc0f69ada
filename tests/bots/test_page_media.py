"""Files of the chat page: a browser's bytes go through, and what we show it can be fetched."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bots.page import requests
from bots.page.phones import address_of
from bots.page.shelf import Shelf
from tests.bots.fake_backend import FakeBackend
from tests.bots.pages import HEADERS, SECRET, Page, Window, page
from tests.bots.slow_world import until

DATA = b"\x00\r\n\xff" * 100_000
IMAGE = b"RIFF-picture"
WEBP = "image/webp"


def nothing(_inbound: dict[str, Any]) -> list[dict[str, Any]]:
    """A script that answers nothing."""
    return []


async def put(
    here: Page, name: str, data: bytes | AsyncIterator[bytes] = DATA, **more: Any
) -> httpx.Response:
    """An upload as the browser makes it."""
    size = len(data) if isinstance(data, bytes) else 1
    query: dict[str, Any] = {"id": name, "kind": "photo", "mime": "image/jpeg", "size": size} | more
    headers = HEADERS | {"Content-Type": "application/octet-stream"}
    return await here.http.post("/files", params=query, content=data, headers=headers)


async def test_a_file_goes_through(tmp_path: Path) -> None:
    """202 once the backend has every byte and the event that names it is kept; its answer comes."""
    async with page(tmp_path, FakeBackend()) as here:
        window = Window(here)
        await until(lambda: bool(here.bot._phones.of(address_of(SECRET)).streams))
        answer = await put(here, "m1")
        assert answer.status_code == 202
        await until(lambda: len(here.backend.settled("sent")) == 1)
        ((event_id, inbound),) = here.backend.received
        assert (inbound["kind"], inbound["media"], inbound["message_id"]) == (
            "media",
            "photo",
            "m1",
        )
        kept = here.backend.files[event_id]
        assert (kept.kind, kept.mime, kept.data) == ("photo", "image/jpeg", DATA)
        assert here.backend.named == {event_id: {"id": kept.id}}
        assert [event["type"] for event in window.events] == ["typing", "bubble"]
        await window.close()


async def test_the_same_file_twice_is_one(tmp_path: Path) -> None:
    """A browser that did not hear the answer sends again: one file, one event."""
    async with page(tmp_path, FakeBackend(script=nothing)) as here:
        for _ in range(2):
            assert (await put(here, "m1")).status_code == 202
        await put(here, "m2", b"other")
        await until(lambda: len(here.backend.received) == 2)
        assert here.backend.files_in_order() == [DATA, b"other"]


async def test_files_and_words_keep_their_order(tmp_path: Path) -> None:
    """What a phone sends one after the other arrives so."""
    async with page(tmp_path, FakeBackend(script=nothing)) as here:
        await here.post("/messages", {"id": "m0", "kind": "text", "text": "before"})
        for n in range(3):
            await put(here, f"p{n}", bytes([n]) * 70_000)
        await here.post("/messages", {"id": "m9", "kind": "text", "text": "after"})
        await until(lambda: len(here.backend.received) == 5)
        assert here.backend.texts() == ["before", "None", "None", "None", "after"]
        assert [data[0] for data in here.backend.files_in_order()] == [0, 1, 2]


async def test_too_large_is_said_at_once_or_at_the_end(tmp_path: Path) -> None:
    """Over the bot's own limit nothing is read; over the backend's, the browser hears 413."""
    backend = FakeBackend(script=nothing, most_bytes=1_000_000)
    async with page(tmp_path, backend, max_file_mb=5) as here:
        assert (await put(here, "m1", b"x", size=5_000_001)).json()["code"] == "too_large"

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(48):
                yield bytes(65_536)

        answer = await put(here, "m2", endless())
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        assert backend.files == {}
        assert await here.bot._relay._spool.event_ids() == []


async def test_a_stream_tells_the_limit(tmp_path: Path) -> None:
    """The browser learns how large a file may be before it sends one."""
    async with (
        page(tmp_path, FakeBackend(), max_file_mb=7) as here,
        here.http.stream("GET", "/stream", headers=HEADERS) as response,
    ):
        assert response.headers["X-Relais-File-Bytes"] == "7000000"


async def test_a_backend_in_trouble_keeps_nothing(tmp_path: Path) -> None:
    """503 means send the same again; then it is there once."""
    backend = FakeBackend(script=nothing, file_answers=[(503, "files_full"), (500, "internal")])
    async with page(tmp_path, backend) as here:
        for _ in range(2):
            answer = await put(here, "m1")
            assert (answer.status_code, answer.json()["code"]) == (503, "not_now")
            assert await here.bot._relay._spool.event_ids() == []
        assert (await put(here, "m1")).status_code == 202
        await until(lambda: len(backend.received) == 1)
        assert backend.files_in_order() == [DATA]


async def test_a_browser_that_goes_leaves_nothing(tmp_path: Path) -> None:
    """Half a file is no file: neither the backend nor the spool has any of it."""
    async with page(tmp_path, FakeBackend(script=nothing)) as here:
        begun = asyncio.Event()

        async def half() -> AsyncIterator[bytes]:
            yield DATA
            begun.set()
            await asyncio.Event().wait()

        upload = asyncio.create_task(put(here, "m1", half()))
        await begun.wait()
        await until(lambda: bool(here.bot.files._under_way))
        upload.cancel()
        await asyncio.gather(upload, return_exceptions=True)
        await until(lambda: not here.bot.files._under_way)
        assert here.backend.files == {}
        assert (await put(here, "m1")).status_code == 202
        await until(lambda: here.backend.files_in_order() == [DATA])


async def test_a_phone_has_two_files_on_their_way_at_most(tmp_path: Path) -> None:
    """A third is told to wait; when one has ended it is taken."""
    async with page(tmp_path, FakeBackend(script=nothing)) as here:
        go = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield b"first"
            await go.wait()
            yield b"last"

        uploads = [asyncio.create_task(put(here, f"m{n}", slow())) for n in range(2)]
        await until(lambda: list(here.bot.files._under_way.values()) == [2])
        refused = await put(here, "m3")
        assert (refused.status_code, refused.json()["code"]) == (503, "too_many")
        go.set()
        assert [(await one).status_code for one in uploads] == [202, 202]
        assert (await put(here, "m3")).status_code == 202


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ({}, {}, 401),
        ({"kind": "sticker"}, HEADERS, 422),
        ({"size": 0}, HEADERS, 422),
        ({"size": "many"}, HEADERS, 422),
        ({"id": ""}, HEADERS, 422),
        ({"id": "x" * 65}, HEADERS, 422),
        ({"mime": "x" * 201}, HEADERS, 422),
    ],
)
async def test_bad_uploads(tmp_path: Path, query: Any, headers: Any, status: int) -> None:
    """What is no file of a phone gets a clear code, and nothing of it goes anywhere."""
    async with page(tmp_path, FakeBackend()) as here:
        whole = {"id": "m1", "kind": "photo", "mime": "", "size": 3} | query
        answer = await here.http.post("/files", params=whole, content=b"abc", headers=headers)
        assert answer.status_code == status
        assert set(answer.json()) == {"code", "advice"}
        assert here.backend.files == {}


async def test_pictures_and_voices_can_be_fetched(tmp_path: Path) -> None:
    """The bubble names what goes with it; a phone fetches it, also after the bubble is settled."""
    backend = FakeBackend()
    async with page(tmp_path, backend) as here:
        window = Window(here)
        await until(lambda: bool(here.bot._phones.of(address_of(SECRET)).streams))
        attached = [
            backend.attached("image", WEBP, IMAGE),
            backend.attached("audio", "audio/ogg", b"OggS"),
        ]
        gone = backend.attached("image", WEBP, b"gone")
        backend.lose(gone["sha256"])
        job = backend.queue(address_of(SECRET), text="Safe?", attachments=[*attached, gone])
        await until(lambda: backend.job(job).status == "sent")
        (bubble,) = window.events
        assert bubble["attachments"] == [
            {name: one[name] for name in ("kind", "mime", "sha256")} for one in attached
        ]
        path = f"/attachments/{attached[0]['sha256']}"
        answer = await here.http.get(path, headers=HEADERS)
        assert (answer.content, answer.headers["Content-Type"]) == (IMAGE, WEBP)
        assert (await here.http.get(path)).status_code == 401
        missing = await here.http.get(f"/attachments/{gone['sha256']}", headers=HEADERS)
        assert missing.status_code == 404
        await window.close()


def test_the_shelf_is_bounded() -> None:
    """What was asked for longest ago goes first, and the bytes never exceed the bound."""
    shelf = Shelf(most_bytes=100)
    for name in ("a", "b", "c"):
        shelf.put(name, WEBP, bytes(30))
    assert shelf.get("a") is not None
    shelf.put("d", WEBP, bytes(30))
    assert shelf.get("b") is None
    assert all(shelf.get(name) for name in ("a", "c", "d"))


def test_an_event_id_tells_nothing_of_its_phone() -> None:
    """The same message of another phone is another event."""
    one, other = requests.event_id("page:a", "m1"), requests.event_id("page:b", "m1")
    assert one != other
    assert "m1" not in one
