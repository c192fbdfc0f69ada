"""Taking files: streamed, sealed, limited, and nothing left of what does not arrive whole."""

import asyncio
import io
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete, select

from backend.database.tables import media
from backend.media import FilesUnavailable, uploading
from backend.media.file_keys import open_keys
from sealing.age import BodyOpener
from tests.backend.consoles import every_byte
from tests.backend.filing_scene import MARK, Desk, open_desk, pieces

MB = 1_000_000


@pytest.fixture
async def desk(database_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A backend on either database."""
    async with open_desk(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def small(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """One that takes at most 1 MB."""
    async with open_desk(sqlite_url, tmp_path, max_file_mb=1) as opened:
        yield opened


def jpeg(size: tuple[int, int] = (60, 40)) -> bytes:
    """A real photo with a comment in its metadata."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = MARK.decode()
    Image.new("RGB", size, (200, 30, 60)).save(out, "JPEG", exif=exif)
    return out.getvalue()


async def opened(desk: Desk, *, preview: bool = False) -> bytes:
    """The only file as the server can still open it: before a compartment exists."""
    (row,) = await desk.file_rows()
    keys = open_keys(desk.relais, row)
    key = keys.preview.key if preview and keys.preview else keys.key
    opener = BodyOpener(key)
    stored = await desk.relais.files.open(row.preview_path if preview else row.path)
    parts = [opener.update(chunk) async for chunk in stored.chunks]
    return b"".join(parts) + opener.finish()


async def test_a_file_is_kept_sealed_and_whole(desk: Desk) -> None:
    """What comes out is what went in; no byte of it stands readable under the data or in /tmp."""
    raw = MARK * 9000
    answer = await desk.upload(raw, mime="Application/PDF; x=1", size=len(raw))
    assert answer.json()["size"] == len(raw)
    assert set(answer.json()) == {"id", "size"}
    assert await opened(desk) == raw
    assert MARK not in every_byte(desk.folder)
    (row,) = await desk.file_rows()
    keys = open_keys(desk.relais, row)
    assert (keys.media, keys.mime, keys.size) == ("document", "application/pdf", len(raw))
    assert (row.conversation_id, row.case_id, row.header) == (None, None, None)


async def test_the_name_of_the_object_tells_nothing(desk: Desk) -> None:
    """Neither the id nor the hash, the channel or the kind stands in the store's names."""
    file = await desk.uploaded(MARK)
    (path,) = desk.objects()
    name = path.parent.name + path.name
    assert len(name) == 40
    assert file not in name
    assert path.stat().st_mode & 0o077 == 0 or path.parent.parent.stat().st_mode & 0o077 == 0


async def test_a_photo_has_a_clean_copy(desk: Desk) -> None:
    """The original stays as it came, with its metadata; beside it stands an image without."""
    raw = jpeg()
    assert MARK in raw
    await desk.uploaded(raw, kind="photo", mime="image/jpeg")
    assert await opened(desk) == raw
    clean = await opened(desk, preview=True)
    assert MARK not in clean
    with Image.open(io.BytesIO(clean)) as image:
        assert image.size == (60, 40)
    assert len(desk.objects()) == 2
    assert MARK not in every_byte(desk.folder)


async def test_a_photo_that_is_none_is_kept_without_a_copy(desk: Desk) -> None:
    """What she sent is hers, whatever it is; only the copy is not made, and that is said."""
    await desk.uploaded(MARK, kind="photo", mime="image/jpeg")
    (row,) = await desk.file_rows()
    keys = open_keys(desk.relais, row)
    assert (keys.preview, row.preview_path) == (None, None)
    assert keys.no_preview
    assert await opened(desk) == MARK


@pytest.mark.parametrize("said", [True, False])
async def test_too_large_is_refused_and_leaves_nothing(small: Desk, *, said: bool) -> None:
    """By what the bot declares before a byte is read, and by the bytes themselves."""
    body = pieces(MB + 1, 1 << 16)
    answer = await (small.upload(body, size=MB + 1) if said else small.upload(body))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert small.objects() == []
    assert await small.file_rows() == []
    assert (await small.upload(pieces(MB, 1 << 16))).status_code == 200


async def test_an_empty_file_is_none(desk: Desk) -> None:
    """Nothing is kept of a body without bytes."""
    answer = await desk.upload(b"")
    assert (answer.status_code, answer.json()["code"]) == (422, "empty")
    assert (desk.objects(), await desk.file_rows()) == ([], [])


async def test_the_same_key_gives_the_same_file(desk: Desk) -> None:
    """A bot that did not hear the answer sends again: one file, one object."""
    first = await desk.uploaded(MARK, key="e1")
    assert await desk.uploaded(MARK, key="e1") == first
    together = await asyncio.gather(*(desk.uploaded(MARK, key="e2") for _ in range(4)))
    assert len(set(together)) == 1
    assert await desk.uploaded(MARK, key="e1", channel="page") != first
    assert await desk.uploaded(MARK) not in {first, *together}
    assert len(desk.objects()) == len(await desk.file_rows()) == 4


async def test_one_channels_token_uploads_to_no_other(desk: Desk) -> None:
    """401 without a token, 403 with another channel's."""
    path = "/v1/channels/page/media?kind=photo"
    assert (await desk.chat.client.post(path, content=b"x")).status_code == 401
    answer = await desk.chat.client.post(path, content=b"x", headers=desk.chat.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "other_channel")
    assert desk.objects() == []


async def _asgi(
    desk: Desk, messages: list[dict[str, Any]], read: asyncio.Event | None = None
) -> list[dict[str, Any]]:
    """POST media with these messages from the server; waits for ever after the last."""
    sent: list[dict[str, Any]] = []
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if not left:
            if read is not None:
                read.set()
            await asyncio.Event().wait()
        return left.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/channels/telegram/media",
        "raw_path": b"/v1/channels/telegram/media",
        "query_string": b"kind=video",
        "headers": [(k.lower().encode(), v.encode()) for k, v in desk.chat.headers.items()],
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
    }
    await desk.console.app(scope, receive, send)
    return sent


def _part(raw: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": raw, "more_body": more}


async def test_a_cut_connection_leaves_nothing(desk: Desk) -> None:
    """Half a file is no file: neither row nor object, nor a half-written one."""
    sent = await _asgi(desk, [_part(MARK * 30_000), {"type": "http.disconnect"}])
    assert sent[0]["status"] == 408
    assert (desk.objects(), await desk.file_rows()) == ([], [])


@pytest.mark.parametrize("limit", ["STALL_SECONDS", "LONGEST_SECONDS"])
async def test_an_upload_that_stalls_is_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """A connection that stays open without a byte, or drips, holds nothing for ever."""
    monkeypatch.setattr(uploading, limit, 0.05)
    sent = await _asgi(desk, [_part(MARK * 30_000)])
    assert sent[0]["status"] == 408
    assert b"stalled" in sent[1]["body"]
    assert (desk.objects(), await desk.file_rows()) == ([], [])
    assert desk.relais.files.uploads.total() == 0


async def test_a_cancelled_upload_leaves_nothing(desk: Desk) -> None:
    """A server that is stopped in the middle of one has nothing of it."""
    read = asyncio.Event()
    task = asyncio.create_task(_asgi(desk, [_part(MARK * 30_000)], read))
    async with asyncio.timeout(10):
        await read.wait()
    assert desk.relais.files.uploads.total() == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (desk.objects(), await desk.file_rows()) == ([], [])


async def test_a_full_store_says_so_and_keeps_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with when to come back; the bot still has the message."""

    async def full(*_: Any) -> None:
        raise FilesUnavailable("full")

    monkeypatch.setattr(desk.relais.files, "put", full)
    answer = await desk.upload(MARK)
    assert (answer.status_code, answer.json()["code"]) == (503, "files_full")
    assert answer.headers["retry-after"]
    assert await desk.file_rows() == []


async def test_unnamed_files_of_a_channel_are_limited(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bot gone wild fills no disk: 429 until its turns have come."""
    monkeypatch.setattr(uploading, "UNNAMED", 2)
    await desk.uploaded(MARK)
    await desk.uploaded(MARK)
    answer = await desk.upload(MARK)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_unnamed")
    assert (await desk.upload(MARK, channel="page")).status_code == 200


async def test_too_many_at_once_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past what one process receives at a time: 503 busy, and nothing is read."""
    monkeypatch.setattr(uploading, "AT_ONCE", 0)
    answer = await desk.upload(MARK)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")


async def test_a_large_file_takes_no_memory(sqlite_url: str, tmp_path: Path) -> None:
    """128 MB pass through a process that grows by a fraction of that."""
    async with open_desk(sqlite_url, tmp_path, max_file_mb=200) as desk:
        await desk.uploaded(MARK)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = await desk.upload(pieces(128 * MB))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert answer.json()["size"] == 128 * MB
        assert grown < 32 << 10, f"{grown >> 10} MB"
        assert max(one.stat().st_size for one in desk.objects()) > 128 * MB


async def test_after_a_failed_commit_the_bytes_wait_for_the_sweep(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A COMMIT whose outcome is unknown may have been one: its object is not thrown away."""
    await desk.uploaded(MARK, key="e1")

    async def lost(*_: Any) -> None:
        raise FilesUnavailable("gone")

    monkeypatch.setattr(uploading, "_write_row", lost)
    assert (await desk.upload(MARK, key="e2")).status_code == 503
    assert len(desk.objects()) == 2
    assert len(await desk.file_rows()) == 1


async def test_what_became_of_files_is_counted(desk: Desk) -> None:
    """Counts and bytes, by outcome; nothing of whose or what they were."""
    await desk.uploaded(MARK)
    await desk.upload(b"")
    text = (await desk.chat.client.get("/metrics")).text
    assert 'relais_files_total{outcome="kept"} 1.0' in text
    assert 'relais_files_total{outcome="empty"} 1.0' in text
    assert f"relais_file_bytes_total {float(len(MARK))}" in text


async def test_a_store_that_cannot_be_written_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`/readyz` names it, and is not ready when that is the data disk itself."""
    assert (await desk.chat.client.get("/readyz")).json()["status"] == "ready"

    async def away() -> None:
        raise FilesUnavailable("gone")

    monkeypatch.setattr(desk.relais.files, "check", away)
    answer = await desk.chat.client.get("/readyz")
    assert answer.status_code == 503
    assert "files_gone" in {one["code"] for one in answer.json()["problems"]}


async def test_keys_of_a_file_open_in_their_row_only(desk: Desk) -> None:
    """Swapped between two rows, the sealed keys open nothing."""
    await desk.uploaded(MARK)
    await desk.uploaded(MARK * 2)
    one, other = await desk.file_rows()
    async with desk.relais.db.write() as tx:
        await tx.execute(delete(media).where(media.c.id == one.id))
        await tx.execute(
            media.update().where(media.c.id == other.id).values(key_sealed=one.key_sealed)
        )
    (row,) = await desk.rows(select(media))
    with pytest.raises(Exception, match="cannot_open"):
        open_keys(desk.relais, row)
