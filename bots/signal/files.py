"""Files that people send on Signal: in the clear in the daemon's folder until we have them."""

import asyncio
import re
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import BinaryIO, Final

import structlog

from bots.core import Gone, Health, MediaRef

log = structlog.get_logger("relais.signal")

FORGOTTEN_AFTER: Final = 7 * 86_400.0
"""Seconds; longer than any backend is away."""
_CHUNK: Final = 65_536
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}")
_LONGEST_TEXT: Final = 64 * 1024
_ROOM: Final = 200_000_000
"""Bytes: two of the largest files that Signal takes."""
_FULL: Final = (
    "There is little room left for the files that people send (RELAIS_SIGNAL_ATTACHMENTS): what "
    "does not fit is refused, and they are asked to send it later. Does the backend answer? Else "
    "give it more room."
)
_NO_FOLDER: Final = (
    "RELAIS_SIGNAL_ATTACHMENTS is not a folder that the bot can read: files of people are refused."
)


class Files:
    """Read by name from the folder of attachments; removed once they are sealed elsewhere."""

    def __init__(self, folder: Path | None, health: Health) -> None:
        self._folder = folder
        self._health = health

    async def fetch(self, media: MediaRef) -> AsyncGenerator[bytes, None]:
        """See :class:`bots.core.Fetches`."""
        file = await asyncio.to_thread(self._open, media.reference)
        try:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
        finally:
            file.close()

    async def long_text(self, name: str) -> str | None:
        """The words that were too long for a message; None when they are not there."""
        try:
            file = await asyncio.to_thread(self._open, name)
        except Gone:
            return None
        with file:
            raw = await asyncio.to_thread(file.read, _LONGEST_TEXT)
        return raw.decode("utf-8", "replace")

    def remove(self, name: str) -> None:
        """The daemon's copy goes. What is not there is as good as gone."""
        path = self._path(name)
        if path is not None:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("attachment_not_removed", error=type(error).__name__)

    def look(self) -> None:
        """Whether the next file will fit."""
        if self._folder is None or not self._folder.is_dir():
            return
        if shutil.disk_usage(self._folder).free < _ROOM:
            self._health.problem("signal_attachments_full", _FULL)
        else:
            self._health.clear("signal_attachments_full")

    def sweep(self, now: float) -> int:
        """Remove what nobody came for (of groups, of messages that could not be read)."""
        removed = 0
        if self._folder is None or not self._folder.is_dir():
            return removed
        for path in self._folder.iterdir():
            try:
                if path.is_file() and now - path.stat().st_mtime > FORGOTTEN_AFTER:
                    path.unlink()
                    removed += 1
            except OSError as error:
                log.warning("attachment_not_removed", error=type(error).__name__)
        return removed

    def _open(self, name: str) -> BinaryIO:
        path = self._path(name)
        if path is None:
            raise Gone
        try:
            return path.open("rb")
        except OSError:
            raise Gone from None

    def _path(self, name: str) -> Path | None:
        """Inside the folder, whatever the name says."""
        if self._folder is None or not self._folder.is_dir():
            self._health.problem("signal_attachments", _NO_FOLDER)
            return None
        self._health.clear("signal_attachments")
        return self._folder / name if _NAME.fullmatch(name) else None
