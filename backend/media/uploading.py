"""Taking a file: sealed as it arrives, hashed on the way, a row only once it is all stored."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select

from backend.database.statements import insert_or_ignore
from backend.database.tables import media
from backend.errors import RelaisError, busy
from backend.media.file_keys import FileKeys, seal_keys
from backend.media.preview import add_preview
from backend.media.store import FilesUnavailable, new_path
from backend.relais import Relais
from sealing.age import BodySealer, new_file_key

MEGABYTE: Final = 1_000_000
AT_ONCE: Final = 16
"""Files of one channel that a process receives at the same time."""
UNNAMED: Final = 500
"""Files of one channel that may wait for the turn that names them."""
STALL_SECONDS: Final = 30.0
"""Without a byte for so long, an upload is given up."""
LONGEST_SECONDS: Final = 3600.0
"""So long may a whole one take: one that drips keeps its place no longer."""
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_UNKNOWN_TYPE: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Declared:
    """What the bot says of the file. ``size`` in bytes, None when unknown; ``key`` may be empty."""

    media: str
    mime: str
    size: int | None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored file that waits for the turn that names it."""

    id: str
    size: int


@dataclass(slots=True)
class _Seen:
    """The raw bytes on their way."""

    limit: int
    size: int = 0
    hash: Any = field(default_factory=hashlib.sha256)

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > self.limit:
            raise too_large(self.limit)
        self.hash.update(chunk)

    def digest(self) -> bytes:
        raw: bytes = self.hash.digest()
        return raw


def too_large(limit: int) -> RelaisError:
    """413; ``limit`` in bytes."""
    return RelaisError(
        413,
        "too_large",
        f"At most {limit // MEGABYTE} MB are taken. Name the file in its turn as too_large.",
    )


def files_unavailable(error: FilesUnavailable) -> RelaisError:
    """503: the bot keeps the message and tries again."""
    return RelaisError(
        503,
        f"files_{error.code}",
        "The store of files is full. Nothing was kept; free space, then send it again."
        if error.code == "full"
        else "The store of files cannot be reached. Nothing was kept; send it again.",
        retry_after=5,
    )


async def take_upload(
    relais: Relais, channel: str, declared: Declared, body: AsyncIterator[bytes]
) -> Kept:
    """Store one file; the same idempotency key gives the same file. Nothing is kept on an error.

    Raises ``RelaisError``: 413 ``too_large``, 422 ``empty``, 408 ``stalled``, 429
    ``too_many_unnamed``, 503 ``busy``, ``files_full`` or ``files_gone``.
    """
    limit = relais.settings.max_file_mb * MEGABYTE
    if declared.size is not None and declared.size > limit:
        raise too_large(limit)
    index = _index(relais, channel, declared.key)
    known = await _known(relais, index)
    if known is not None:
        return Kept(known, await _drain(body, limit))
    await _room(relais, channel)
    relais.files.uploads[channel] += 1
    try:
        return await _take(relais, channel, declared, index, body)
    except FilesUnavailable as error:
        raise files_unavailable(error) from None
    finally:
        relais.files.uploads[channel] -= 1


def _index(relais: Relais, channel: str, key: str) -> bytes | None:
    return relais.vault.keyring.index("event", channel, "file", key) if key else None


async def _known(relais: Relais, index: bytes | None) -> str | None:
    if index is None:
        return None
    async with relais.db.read() as connection:
        found = await connection.execute(select(media.c.id).where(media.c.upload_index == index))
        return found.scalar_one_or_none()


async def _room(relais: Relais, channel: str) -> None:
    if relais.files.uploads[channel] >= AT_ONCE:
        raise busy("Many files arrive at once. Send the same again a little later.")
    waiting = (
        select(func.count())
        .select_from(media)
        .where(
            media.c.channel == channel,
            media.c.conversation_id.is_(None),
            media.c.case_id.is_(None),
        )
    )
    async with relais.db.read() as connection:
        count = (await connection.execute(waiting)).scalar_one()
    if count >= UNNAMED:
        raise RelaisError(
            429,
            "too_many_unnamed",
            "Files of this channel wait for their turns. Send those turns first.",
            retry_after=60,
        )


async def _take(
    relais: Relais,
    channel: str,
    declared: Declared,
    index: bytes | None,
    body: AsyncIterator[bytes],
) -> Kept:
    random = relais.world.random
    path, key = new_path(random), new_file_key(random)
    seen = _Seen(relais.settings.max_file_mb * MEGABYTE)
    try:
        await relais.files.put(path, _sealed(body, BodySealer(key, random), seen))
        mime = media_type(declared.mime)
        keys = FileKeys(key, declared.media, mime, seen.size, seen.digest())
        keys, preview_path = await add_preview(relais, path, keys)
    except BaseException:
        await _forget_objects(relais, [path])
        raise
    # From here on the objects stay whatever happens: a failed COMMIT may have been one after all.
    # The sweep finds those without a row.
    file_id = await _write_row(relais, channel, index, (path, preview_path), keys)
    if file_id is None:  # the same upload came twice at once, and the other was first
        await _forget_objects(relais, [path, *([preview_path] if preview_path else [])])
        file_id = await _known(relais, index)
        if file_id is None:
            raise busy()
    return Kept(file_id, seen.size)


async def _sealed(
    body: AsyncIterator[bytes], sealer: BodySealer, seen: _Seen
) -> AsyncIterator[bytes]:
    async for chunk in _patient(body):
        seen.add(chunk)
        sealed = sealer.update(chunk)
        if sealed:
            yield sealed
    if seen.size == 0:
        raise RelaisError(422, "empty", "The file has no bytes. Name it in its turn as gone.")
    yield sealer.finish()


async def _patient(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunks; 408 ``stalled`` when the next takes too long, or all of them together."""
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST_SECONDS
    while True:
        try:
            async with asyncio.timeout_at(min(loop.time() + STALL_SECONDS, end)):
                chunk = await anext(body, None)
        except TimeoutError:
            raise RelaisError(408, "stalled", "The file stopped coming. Send it again.") from None
        if chunk is None:
            return
        yield chunk


async def _drain(body: AsyncIterator[bytes], limit: int) -> int:
    """Read what is known already, so that the sender can end its request."""
    seen = _Seen(limit)
    async for chunk in _patient(body):
        seen.add(chunk)
    return seen.size


async def _write_row(
    relais: Relais,
    channel: str,
    index: bytes | None,
    paths: tuple[str, str | None],
    keys: FileKeys,
) -> str | None:
    """The row's id; None when another upload of the same key has a row already."""
    file_id = relais.world.new_id()
    row = {
        "id": file_id,
        "channel": channel,
        "upload_index": index,
        "path": paths[0],
        "preview_path": paths[1],
        "created_at": relais.world.now(),
        **seal_keys(relais, file_id, keys, relais.world.day()),
    }
    async with relais.db.write() as tx:
        done = await tx.execute(insert_or_ignore(relais.db.dialect, media), row)
    return file_id if done.rowcount == 1 else None


async def _forget_objects(relais: Relais, paths: list[str]) -> None:
    """At once if it can be; else the sweep finds them, as they have no row."""
    with suppress(FilesUnavailable):
        for path in paths:
            await relais.files.delete(path)


def media_type(declared: str) -> str:
    """The bare type in lower case; what is none is unknown."""
    bare = declared.partition(";")[0].strip().lower()
    return bare if _TYPE.fullmatch(bare) else _UNKNOWN_TYPE
