"""Lines from a socket, taken with as little on the way as can be.

Whatever lies in a buffer when this process is killed is lost: Signal's daemon has confirmed it
already. So the socket's own buffer is small, and nothing more is read while what came is written to
the disk.
"""

import asyncio
import socket
from typing import Final, cast
from urllib.parse import urlsplit

BUFFER: Final = 4_096
"""Bytes that the system may hold for us (Linux doubles it)."""
LONGEST: Final = 4 * 1024 * 1024
"""A longer line is cut: no message of Signal's is."""


class Lost(Exception):
    """The connection ended, or there is none."""


class Lines(asyncio.Protocol):
    """``take`` gives whole lines, and stops the flow until the next ``take``."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        self._cut = False
        self._ended = False
        self._wake = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See :class:`asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """See :class:`asyncio.Protocol`."""
        self._ended = True
        self._wake.set()

    def data_received(self, data: bytes) -> None:
        """See :class:`asyncio.Protocol`."""
        # Only what is new is searched: a long line comes in thousands of pieces.
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._buffer += end
            if not self._cut and self._buffer.strip():
                self._lines.append(bytes(self._buffer))
            self._buffer.clear()
            self._cut = False
        if not self._cut:
            self._buffer += rest
        if len(self._buffer) > LONGEST:
            self._lines.append(bytes(self._buffer))
            self._buffer.clear()
            self._cut = True
        if self._lines:
            self._pause()
            self._wake.set()

    async def take(self) -> list[bytes]:
        """At least one line; raises :class:`Lost` when none will come any more."""
        while not self._lines:
            if self._ended:
                raise Lost
            self._wake.clear()
            self._resume()
            await self._wake.wait()
        taken, self._lines = self._lines, []
        return taken

    def write(self, line: bytes) -> None:
        """Send one line; raises :class:`Lost`."""
        if self._transport is None or self._ended:
            raise Lost
        self._transport.write(line + b"\n")

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _pause(self) -> None:
        if self._transport is not None and not self._ended:
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._transport is not None and not self._ended:
            self._transport.resume_reading()


async def connect(address: str) -> Lines:
    """To ``host:port``, or to ``unix:/path``. Raises :class:`Lost`."""
    loop = asyncio.get_running_loop()
    try:
        if address.startswith("unix:"):
            _, lines = await loop.create_unix_connection(Lines, address.removeprefix("unix:"))
            return lines
        where = urlsplit(f"//{address}")
        raw = socket.socket()
        raw.setblocking(False)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        try:
            await loop.sock_connect(raw, (where.hostname or "127.0.0.1", where.port or 7583))
        except BaseException:
            raw.close()
            raise
        _, lines = await loop.create_connection(Lines, sock=raw)
    except OSError:
        raise Lost from None
    return lines
