"""The cleaned derivative of an image: made in memory, one at a time, and sealed like the original.

The original is what she sent and is always kept. An image that cannot be cleaned safely has no
derivative, and says why.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from backend.media.cleaning import Cleaned, CleaningError, clean_image
from backend.media.file_keys import FileKeys, Preview
from backend.media.store import new_path
from backend.relais import Relais
from sealing.age import BodyOpener, BodySealer, new_file_key

LARGEST: Final = 20_000_000
"""Bytes; a larger image has no derivative."""


async def add_preview(relais: Relais, path: str, keys: FileKeys) -> tuple[FileKeys, str | None]:
    """Make and store the derivative of an image; returns what is known now, and where it is.

    It reads the stored object back instead of keeping the upload: a slow one would hold its memory
    for minutes. Raises ``FilesUnavailable``.
    """
    if keys.media != "photo" and not keys.mime.startswith("image/"):
        return keys, None
    if keys.size > LARGEST:
        return msgspec.structs.replace(keys, no_preview="too_large"), None
    async with relais.files.whole:
        raw = await _read(relais, path, keys)
        try:
            cleaned = await asyncio.to_thread(clean_image, raw)
        except CleaningError as error:
            return msgspec.structs.replace(keys, no_preview=error.code), None
        del raw
        return await _store(relais, keys, cleaned)


async def _read(relais: Relais, path: str, keys: FileKeys) -> bytes:
    opener = BodyOpener(keys.key)
    stored = await relais.files.open(path)
    raw = bytearray()
    async for chunk in stored.chunks:
        raw += opener.update(chunk)
    raw += opener.finish()
    return bytes(raw)


async def _store(relais: Relais, keys: FileKeys, cleaned: Cleaned) -> tuple[FileKeys, str | None]:
    random = relais.world.random
    key, path = new_file_key(random), new_path(random)
    sealer = BodySealer(key, random)

    async def sealed() -> AsyncIterator[bytes]:
        yield sealer.update(cleaned.data)
        yield sealer.finish()

    await relais.files.put(path, sealed())
    preview = Preview(key, cleaned.mime, cleaned.width, cleaned.height, len(cleaned.data))
    return msgspec.structs.replace(keys, preview=preview), path
