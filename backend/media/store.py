"""The store of sealed files: objects under random names, on a local disk or in a bucket.

Only ciphertext ever gets here. A half-written object is never visible: it becomes one when its last
byte is there, and on a local disk when it has reached the disk itself.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from backend.errors import ConfigurationError
from backend.settings import Settings

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

CHUNK: Final = 1 << 18
"""Bytes that are read or handed on at once."""
_PART: Final = 5 << 20
"""Bytes of one part of an upload to a bucket; S3 takes no smaller ones."""
_AT_ONCE: Final = 2
_CHECK: Final = "check"
"""The object that :meth:`FileStore.check` writes."""
_CHECK_SECONDS: Final = 3
_SCHEMES: Final = frozenset({"s3", "gs", "az", "azure", "abfss"})
_CLIENT: Final["ClientConfig"] = {
    "connect_timeout": timedelta(seconds=5),
    "read_timeout": timedelta(seconds=30),
    "timeout": timedelta(minutes=15),
    # Only an endpoint that the operator wrote with http:// is spoken to without TLS.
    "allow_http": True,
}
_RETRY: Final["RetryConfig"] = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class FilesUnavailable(Exception):
    """The store is full or cannot be reached. Nothing was stored; the caller may try again."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that is being read. ``size`` in bytes."""

    size: int
    chunks: AsyncIterator[bytes]


class _translated:  # noqa: N801  (reads as a phrase at its uses)
    """Turns the store's own errors into :class:`FilesUnavailable`, without paths or content."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FileNotFoundError) or not isinstance(error, (BaseError, OSError)):
            return
        words = str(error).lower()
        full = "no space" in words or "os error 28" in words or "quota" in words
        raise FilesUnavailable("full" if full else "gone") from None


class FileStore:
    """``folder`` is where a local store has its objects; None for a bucket."""

    def __init__(self, objects: "ObjectStore", folder: Path | None = None) -> None:
        self._objects = objects
        self._folder = folder
        self._part = CHUNK if folder is not None else _PART
        self.whole = asyncio.Semaphore(1)
        """Held by whoever has a whole file in memory: there is room for one."""
        self.uploads: Counter[str] = Counter()
        """How many are being received by this process, by channel."""

    @property
    def folder(self) -> Path | None:
        """Where a local store is; None for a bucket."""
        return self._folder

    async def put(self, path: str, chunks: AsyncIterator[bytes]) -> None:
        """Store what ``chunks`` yields; whatever it raises leaves nothing behind.

        Raises :class:`FilesUnavailable`.
        """
        with _translated():
            await self._objects.put_async(
                path, chunks, chunk_size=self._part, max_concurrency=_AT_ONCE
            )
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder, path)

    async def open(self, path: str) -> Stored:
        """Read an object. Raises ``FileNotFoundError``, or :class:`FilesUnavailable`."""
        with _translated():
            found = await self._objects.get_async(path)
        return Stored(found.meta["size"], _chunks(found))

    async def delete(self, path: str) -> None:
        """Remove an object; one that is not there is no error."""
        with _translated():
            with suppress(FileNotFoundError):
                await self._objects.delete_async(path)
            if self._folder is not None:
                await asyncio.to_thread(_sync_directory, (self._folder / path).parent)

    async def listed(self) -> AsyncIterator[tuple[str, int]]:
        """Every object: its name, and when it was written (UTC milliseconds)."""
        with _translated():
            async for batch in self._objects.list_async(chunk_size=500):
                for one in batch:
                    if one["path"] != _CHECK:
                        yield one["path"], int(one["last_modified"].timestamp() * 1000)

    async def clear_unfinished(self, before: int) -> int:
        """Remove what a killed process left half-written before this moment; how many there were.

        A bucket has a rule of its own for that (aborted multipart uploads).
        """
        if self._folder is None:
            return 0
        return await asyncio.to_thread(_clear_unfinished, self._folder, before / 1000)

    async def check(self) -> None:
        """Raise :class:`FilesUnavailable` unless something could be stored now."""
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                with _translated():
                    await self._objects.put_async(_CHECK, b"relais")
        except TimeoutError:
            raise FilesUnavailable("gone") from None


async def _chunks(found: "GetResult") -> AsyncIterator[bytes]:
    with _translated():
        async for chunk in found.stream(min_chunk_size=CHUNK):
            yield bytes(chunk)


def new_path(random: Callable[[int], bytes]) -> str:
    """A name that nobody can guess, and that tells nothing."""
    name = random(20).hex()
    return f"{name[:2]}/{name[2:]}"


def _sync(folder: Path, path: str) -> None:
    descriptor = os.open(folder / path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _sync_directory((folder / path).parent)
    _sync_directory(folder)


def _sync_directory(directory: Path) -> None:
    with suppress(FileNotFoundError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _clear_unfinished(folder: Path, before: float) -> int:
    """The library writes to ``name#1`` and renames it at the end."""
    found = 0
    for one in folder.glob("*/*#*"):
        with suppress(FileNotFoundError):
            if one.stat().st_mtime < before:
                one.unlink()
                found += 1
    return found


def open_store(settings: Settings) -> FileStore:
    """By ``RELAIS_FILES_URL``, or the folder ``files`` under the data.

    Raises ``ConfigurationError``. Credentials of a bucket come from its own environment variables.
    """
    url = settings.files_url
    parts = urlsplit(url)
    if not url or parts.scheme == "file":
        return _open_local(Path(unquote(parts.path)) if url else settings.data_dir / "files")
    if parts.scheme not in _SCHEMES:
        raise ConfigurationError("RELAIS_FILES_URL must begin with s3://, gs://, az:// or file://")
    try:
        return FileStore(from_url(url, client_options=_CLIENT, retry_config=_RETRY))
    except (BaseError, ValueError) as error:
        raise ConfigurationError(
            "RELAIS_FILES_URL cannot be used; check the bucket's name and its credentials"
        ) from error


def _open_local(folder: Path) -> FileStore:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigurationError(
            "the folder for files cannot be made; mount it, or change RELAIS_FILES_URL"
        ) from error
    return FileStore(LocalStore(folder), folder)
