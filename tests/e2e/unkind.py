"""A network at its worst, between a bot and whatever it talks to: a TCP proxy with moods.

``faults`` maps what may happen to how often, per request (HTTP/1.1):

    cut    the request arrives, its answer does not: the connection breaks
    hold   the same, but nothing breaks: the line falls silent for ``silence`` seconds (half-open)
    drip   the answer comes in pieces, slowly
    flood  the request does not arrive; the answer is 429 with ``flood``
"""

import asyncio
import contextlib
import random
import threading
import time
from collections import Counter
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

TELEGRAM_FLOOD: Final = (
    b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1",'
    b'"parameters":{"retry_after":1}}'
)
MATRIX_FLOOD: Final = b'{"errcode":"M_LIMIT_EXCEEDED","error":"x","retry_after_ms":300}'
_REFUSED: Final = b"HTTP/1.1 429 x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
NETWORK: Final = {"cut": 0.02, "hold": 0.01, "drip": 0.05, "flood": 0.03}
"""What the chaos tests meet between a bot and its messenger."""
INSIDE: Final = {"cut": 0.02, "hold": 0.01, "drip": 0.05}
"""What they meet between a bot and the backend."""
_PIECE: Final = 65_536


class Unkind:
    """Runs in a thread of its own; ``faults`` may be changed while it does."""

    def __init__(
        self, target: str, chance: random.Random, flood: bytes, *, silence: float = 2.0
    ) -> None:
        self.faults: dict[str, float] = {}
        self.done: Counter[str] = Counter()
        self.blows: list[float] = []
        """Moments (monotonic) at which an answer was lost."""
        self._host = urlsplit(target).hostname or ""
        self._target_port = urlsplit(target).port or 80
        self._chance = chance
        self._flood = flood
        self._silence = silence
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server
        self._talks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Instead of the target's."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """Of :attr:`url`."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        starting = asyncio.start_server(self._accept, "127.0.0.1", 0, limit=2**22)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result(10)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up on everybody."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            self._talks.discard(task)
            with contextlib.suppress(Exception):
                writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request after the other, each on a fresh connection to the target."""
        while True:
            request = await _message(reader)
            mood = self._mood()
            if mood == "flood":
                writer.write(_REFUSED % len(self._flood) + self._flood)
                await writer.drain()
                continue
            there, to = await asyncio.open_connection(self._host, self._target_port, limit=2**22)
            try:
                to.write(request)
                await to.drain()
                answer = await _message(there)
            finally:
                to.close()
            if mood in ("cut", "hold"):
                self.blows.append(time.monotonic())
                if mood == "hold":
                    await asyncio.sleep(self._silence)
                return
            await self._give(writer, answer, slowly=mood == "drip")

    async def _give(self, writer: asyncio.StreamWriter, answer: bytes, *, slowly: bool) -> None:
        size = max(1, len(answer) // 8) if slowly else _PIECE
        for start in range(0, len(answer), size):
            writer.write(answer[start : start + size])
            await writer.drain()
            if slowly:
                await asyncio.sleep(0.05)

    def _mood(self) -> str:
        roll = self._chance.random()
        for name, share in self.faults.items():
            roll -= share
            if roll < 0:
                self.done[name] += 1
                return name
        return ""


async def _message(reader: asyncio.StreamReader) -> bytes:
    """A request or an answer, whole, as it came."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        body = b""
        while True:
            size = await reader.readuntil(b"\r\n")
            chunk = await reader.readexactly(int(size.split(b";")[0], 16) + 2)
            body += size + chunk
            if size.strip(b"\r\n0") == b"" and len(chunk) == 2:
                return head + body
    return head + await reader.readexactly(int(fields.get(b"content-length", b"0")))
