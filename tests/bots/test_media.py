"""Files on their way from a messenger to the backend: kept in order, once, and never on a disk."""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bots.core import (
    CutOff,
    Gone,
    Inbound,
    Later,
    Media,
    MediaKept,
    MediaRef,
    MediaRefused,
    Oversized,
    Spool,
)
from bots.core.spool import Kept
from sealing import Envelope
from tests.bots.fake_backend import FakeBackend
from tests.bots.relaying import FetchingAdapter, Running, running
from tests.bots.slow_world import until

PHOTO = bytes(range(256)) * 1200  # about 300 kB, in five pieces
SENTINEL = b"SENTINEL-of-a-photo"


@asynccontextmanager
async def files(
    directory: Path, backend: FakeBackend, adapter: FetchingAdapter | None = None
) -> AsyncIterator[tuple[Running, FetchingAdapter]]:
    """A relay whose adapter has one photo."""
    adapter = adapter or FetchingAdapter(files={"p": PHOTO})
    async with running(directory, backend, adapter=adapter) as run:
        yield run, adapter


async def send(run: Running, event_id: str, address: str = "a", media: Media | None = None) -> None:
    """A photo with a caption that names the event."""
    inbound = Inbound(address=address, kind="media", media="photo", text=f"caption {event_id}")
    await run.relay.accept(event_id, inbound, media or MediaRef("photo", "image/jpeg", None, "p"))


async def test_a_photo_arrives_before_its_turn(tmp_path: Path) -> None:
    """The backend gets the bytes as they were, then a turn that names them, with the caption."""
    backend = FakeBackend()
    async with files(tmp_path, backend) as (run, adapter):
        await send(run, "e1")
        await until(lambda: len(backend.received) == 1)
        kept = backend.files["e1"]
        assert (kept.kind, kept.mime, kept.data) == ("photo", "image/jpeg", PHOTO)
        assert backend.named == {"e1": {"id": kept.id}}
        assert backend.received[0][1]["text"] == "caption e1"
        await until(lambda: len(adapter.sent) == 1)


async def test_an_album_keeps_its_order(tmp_path: Path) -> None:
    """Ten files and the words around them arrive as they were sent; another person's overtake."""
    backend = FakeBackend()
    album = {f"p{n}": bytes([n]) * 70_000 for n in range(10)}
    slow = asyncio.Event()
    adapter = FetchingAdapter(files=album | {"p": PHOTO}, hold=slow.wait)
    async with files(tmp_path, backend, adapter) as (run, _):
        await run.write("before", "a", "before")
        for n in range(10):
            await send(run, f"e{n}", media=MediaRef("photo", "", None, f"p{n}"))
        await run.write("after", "a", "after")
        await run.write("other", "b", "hello")
        await until(lambda: backend.texts("b") == ["hello"])
        slow.set()
        await until(lambda: "after" in backend.texts("a"))
        captions = [f"caption e{n}" for n in range(10)]
        assert backend.texts("a") == ["before", *captions, "after"]
        assert backend.files_in_order() == list(album.values())


@pytest.mark.parametrize(
    ("fault", "why"),
    [(Gone(), "gone"), (Oversized(), "too_large")],
)
async def test_what_cannot_be_had_is_said(tmp_path: Path, fault: Exception, why: str) -> None:
    """A file that the messenger lost or will not give is named as such, at the first try."""
    backend = FakeBackend()
    adapter = FetchingAdapter(files={"p": PHOTO}, faults=[fault])
    async with files(tmp_path, backend, adapter) as (run, _):
        await send(run, "e1")
        await until(lambda: len(backend.received) == 1)
        assert backend.named == {"e1": {"refused": why}}
        assert adapter.fetched == ["p"]
        assert backend.files == {}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((413, "too_large"), "too_large"),
        ((413, ""), "too_large"),  # a proxy's
        ((422, "empty"), "gone"),
        ((422, "malformed"), "unsupported"),
    ],
)
async def test_what_the_backend_refuses_is_said(
    tmp_path: Path, answer: tuple[int, str], why: str
) -> None:
    """A refused upload is not tried again: its turn says why, and the conversation goes on."""
    backend = FakeBackend(file_answers=[answer])
    async with files(tmp_path, backend) as (run, _):
        await send(run, "e1")
        await until(lambda: len(backend.received) == 1)
        assert backend.named == {"e1": {"refused": why}}
        proxy = run.relay.health.problems.get("proxy_limit", "")
        assert bool(proxy) == (answer == (413, ""))


async def test_a_file_that_is_said_to_be_too_large_is_not_fetched(tmp_path: Path) -> None:
    """The size that the messenger declares is enough; nothing is downloaded."""
    backend = FakeBackend()
    async with files(tmp_path, backend) as (run, adapter):
        await send(run, "e1", media=MediaRef("video", "video/mp4", 20_000_001, "p"))
        await send(run, "e2", media=MediaRefused("too_large"))
        await until(lambda: len(backend.received) == 2)
        assert backend.named == {"e1": {"refused": "too_large"}, "e2": {"refused": "too_large"}}
        assert adapter.fetched == []


async def test_a_message_without_a_file_names_none(tmp_path: Path) -> None:
    """A sticker is an event like any other, and its turn has no word of a file."""
    backend = FakeBackend()
    async with files(tmp_path, backend) as (run, _):
        await run.relay.accept("e1", Inbound(address="a", kind="media", media="sticker"))
        await until(lambda: len(backend.received) == 1)
        assert backend.named == {"e1": None}


@pytest.mark.parametrize(
    "fault", [CutOff(), Later(None), Later(40.0)], ids=["cut", "away", "flood"]
)
async def test_a_broken_stream_is_tried_again(tmp_path: Path, fault: Exception) -> None:
    """Half a file is never taken for a whole one; what passes is waited for."""
    backend = FakeBackend()
    adapter = FetchingAdapter(files={"p": PHOTO}, faults=[fault, fault])
    async with files(tmp_path, backend, adapter) as (run, _):
        began = run.clock.seconds
        await send(run, "e1")
        await run.clock.advance_until(lambda: len(backend.received) == 1)
        assert backend.files["e1"].data == PHOTO
        assert adapter.fetched == ["p"] * 3
        if isinstance(fault, Later) and fault.retry_after:
            assert run.clock.seconds - began >= 80


@pytest.mark.parametrize(
    "answer", [(503, "files_full"), (429, "too_many_unnamed"), (500, "internal"), (502, "")]
)
async def test_a_store_in_trouble_is_waited_for(tmp_path: Path, answer: tuple[int, str]) -> None:
    """The person's events wait in their order, others go on, the operator is told, none is lost."""
    backend = FakeBackend(file_answers=[answer] * 6)
    async with files(tmp_path, backend) as (run, _):
        await send(run, "e1")
        await run.write("e2", "a", "after")
        await run.write("e3", "b", "hello")
        await until(lambda: backend.texts("b") == ["hello"])
        await run.clock.advance_until(lambda: "file_stuck" in run.relay.health.problems)
        assert backend.texts("a") == []
        await run.clock.advance_until(lambda: backend.texts("a") == ["caption e1", "after"])
        assert backend.named["e1"] == {"id": backend.files["e1"].id}
        assert "file_stuck" not in run.relay.health.problems


async def test_a_waiting_person_is_told_once(tmp_path: Path) -> None:
    """Where a file holds a conversation up for a minute, she hears that her words are kept."""
    backend = FakeBackend(file_answers=[(503, "files_full")] * 9)
    async with files(tmp_path, backend) as (run, adapter):
        await send(run, "e1")
        await run.clock.advance(90)
        assert adapter.said == [("a", "<offline/unavailable/text>")]
        await run.clock.advance_until(lambda: len(backend.received) == 1, 1200)


async def test_a_file_that_always_breaks_does_not_end_a_conversation(tmp_path: Path) -> None:
    """After a quarter of an hour of broken streams it is given up, and the words go on."""
    backend = FakeBackend()
    adapter = FetchingAdapter(files={"p": PHOTO}, faults=[CutOff() for _ in range(100)])
    async with files(tmp_path, backend, adapter) as (run, _):
        began = run.clock.seconds
        await send(run, "e1")
        await run.write("e2", "a", "after")
        await run.clock.advance_until(lambda: len(backend.received) == 2, 3000, 20)
        assert run.clock.seconds - began >= 900
        assert backend.named["e1"] == {"refused": "gone"}
        assert backend.texts("a") == ["caption e1", "after"]


async def test_an_outage_is_not_the_files_fault(tmp_path: Path) -> None:
    """However long the backend is away, the file is fetched and handed over when it is back."""
    backend = FakeBackend()
    async with files(tmp_path, backend) as (run, _):
        backend.down = True
        await send(run, "e1")
        await run.clock.advance(1200)
        backend.down = False
        await run.clock.advance_until(lambda: len(backend.received) == 1)
        assert backend.named == {"e1": {"id": "f1"}}


async def stopped_at(
    directory: Path, backend: FakeBackend, hold: Callable[[], Awaitable[object]] | None
) -> None:
    """A run that is cut down while the photo is fetched (``hold``), or before its turn."""
    adapter = FetchingAdapter(files={"p": PHOTO}, hold=hold)
    async with files(directory, backend, adapter) as (run, _):
        await send(run, "e1")
        if hold is not None:
            await until(lambda: adapter.fetched == ["p"])
        else:
            await until(lambda: "e1" in backend.files)
        await run.stop()


async def test_stopped_while_fetching(tmp_path: Path) -> None:
    """A bot that died with half a file in hand fetches it anew, whole, and hands it over once."""
    backend = FakeBackend()
    await stopped_at(tmp_path, backend, asyncio.Event().wait)
    assert backend.files == {}
    async with files(tmp_path, backend):
        await until(lambda: len(backend.received) == 1)
    assert backend.files["e1"].times == 1
    assert backend.files_in_order() == [PHOTO]


async def test_stopped_between_upload_and_turn(tmp_path: Path) -> None:
    """The id is in the spool: the next run names it without fetching anything again."""
    backend = FakeBackend(answers={"caption e1": [500] * 50})
    await stopped_at(tmp_path, backend, None)
    backend.answers.clear()
    async with files(tmp_path, backend) as (_, adapter):
        await until(lambda: len(backend.received) == 1)
        assert adapter.fetched == []
    assert backend.files["e1"].times == 1
    assert backend.named == {"e1": {"id": "f1"}}


async def test_stopped_before_the_id_was_kept(tmp_path: Path) -> None:
    """Uploaded, and the disk did not learn of it: the same event gives the same file, once."""
    backend = FakeBackend(answers={"caption e1": [500] * 50})
    await stopped_at(tmp_path, backend, None)
    path = tmp_path / "spool" / "telegram.db"
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT media FROM events").fetchone()[0] is not None
    backend.answers.clear()
    async with running(tmp_path, backend, start=False) as run:
        sealed = run.relay._carrier.seal("e1", MediaRef("photo", "", None, "p"))
        await run.relay._spool.set_media("e1", sealed)
    async with files(tmp_path, backend):
        await until(lambda: len(backend.received) == 1)
    assert backend.files["e1"].times == 2
    assert len(backend.files) == 1
    assert backend.named == {"e1": {"id": "f1"}}


async def test_an_old_upload_is_made_anew(tmp_path: Path) -> None:
    """The backend drops what no turn names in a day: after a long outage the file goes again."""
    backend = FakeBackend()
    async with files(tmp_path, backend) as (run, adapter):
        ref = MediaRef("photo", "image/jpeg", None, "p")
        now = run.clock.world.now()
        await send(run, "old", media=MediaKept("forgotten", now - 20 * 3600, ref))
        await send(run, "new", media=MediaKept("known", now - 3600, ref))
        await send(run, "lost", media=MediaKept("nowhere", now - 20 * 3600))
        await until(lambda: len(backend.received) == 3)
        assert backend.named["old"] == {"id": backend.files["old"].id}
        assert backend.named["new"] == {"id": "known"}
        assert backend.named["lost"] == {"id": "nowhere"}
        assert adapter.fetched == ["p"]


async def test_nothing_of_a_file_is_on_the_disk(tmp_path: Path) -> None:
    """Neither its bytes nor where it lies can be read in the spool, before and after its turn."""
    backend = FakeBackend(answers={"caption e1": [500] * 50})
    adapter = FetchingAdapter(files={"REFERENCE": SENTINEL * 10_000})
    async with files(tmp_path, backend, adapter) as (run, _):
        await send(run, "e1", media=MediaRef("photo", "image/MIME", None, "REFERENCE"))
        await until(lambda: "e1" in backend.files)
        for file in run.spool_path.parent.iterdir():
            content = file.read_bytes()
            assert not any(word in content for word in (SENTINEL, b"REFERENCE", b"MIME"))


async def test_after_a_change_of_token_the_words_still_go(tmp_path: Path) -> None:
    """A reference sealed under the old token cannot be read: its turn goes, without the file."""
    backend = FakeBackend()
    async with files(tmp_path, backend) as (run, _):
        backend.down = True
        await send(run, "e1")
    backend.down = False
    backend.token = "another"
    async with files(tmp_path, backend):
        await until(lambda: len(backend.received) == 1)
    assert backend.named == {"e1": {"refused": "gone"}}


async def test_what_is_put_aside_keeps_its_file(tmp_path: Path) -> None:
    """A quarantined event that is handed over again after an upgrade still has its file."""
    backend = FakeBackend(answers={"caption e1": [(422, "malformed")]})
    async with files(tmp_path, backend) as (run, _):
        await send(run, "e1")
        await until(lambda: "quarantined" in run.relay.health.notes)
        assert await run.relay._spool.requeue() == 1
    async with files(tmp_path, backend) as (_, adapter):
        await until(lambda: len(backend.received) == 1)
        assert adapter.fetched == []
    assert backend.named == {"e1": {"id": "f1"}}


OLD_SPOOL = """
CREATE TABLE events (n INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE,
    key_id TEXT NOT NULL, envelope BLOB NOT NULL);
CREATE TABLE quarantine (event_id TEXT PRIMARY KEY, key_id TEXT NOT NULL, envelope BLOB NOT NULL,
    code TEXT NOT NULL);
INSERT INTO events (event_id, key_id, envelope) VALUES ('old', 'k', x'0102');
INSERT INTO quarantine VALUES ('aside', 'k', x'0304', 'malformed');
"""


async def test_a_spool_of_an_earlier_version_opens(tmp_path: Path) -> None:
    """Its events are there, its quarantine can be handed over, and new files can be kept in it."""
    path = tmp_path / "telegram.db"
    with sqlite3.connect(path) as raw:
        raw.executescript(OLD_SPOOL)
    raw.close()
    for _ in range(2):  # the second time there is nothing to bring up
        spool = Spool.open(path)
        assert await spool.event("old") == Kept(Envelope("k", b"\x01\x02"))
        spool.close()
    spool = Spool.open(path)
    assert await spool.requeue() == 1
    assert await spool.add("new", Envelope("k", b"x"), media=b"sealed")
    await spool.set_media("aside", b"later")
    assert await spool.event_ids() == ["old", "aside", "new"]
    assert await spool.event("aside") == Kept(Envelope("k", b"\x03\x04"), b"later")
    assert await spool.event("new") == Kept(Envelope("k", b"x"), b"sealed")
    spool.close()


async def test_ids_that_no_header_can_hold(tmp_path: Path) -> None:
    """Whatever a messenger's event ids look like, the upload is known again by them."""
    backend = FakeBackend()
    async with files(tmp_path, backend) as (run, _):
        for name in ("ж$1:példa", " padded", "two\nlines"):
            await send(run, name)
        await until(lambda: len(backend.received) == 3)
        digest = hashlib.sha256("ж$1:példa".encode()).hexdigest()
        assert digest in backend.files
        assert len(backend.files) == 3
