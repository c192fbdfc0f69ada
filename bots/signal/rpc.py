"""Calls to signal-cli's daemon: JSON-RPC 2.0, a line each (signal-cli-jsonrpc(5))."""

import asyncio
import itertools
from typing import Any, Final

import msgspec

from bots.core import World
from bots.signal.lines import Lines, Lost, connect

SECONDS: Final = 120.0
"""Signal's own server may be slow behind the daemon."""
PULSE: Final = 10.0
"""Seconds within which a daemon that lives tells its version: it asks nobody for that."""

USER, IO, UNTRUSTED, RATE_LIMIT = -1, -3, -4, -5
"""The daemon's own error codes, besides those of JSON-RPC."""
INVALID_PARAMS: Final = -32602


class RpcError(Exception):
    """The daemon answered with an error. ``data`` may hold the results of a send."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"signal-cli: {code}")
        self.code = code
        self.message = message
        self.data = data


class _Error(msgspec.Struct):
    code: int = 0
    message: str = ""
    data: Any = None


class _Answer(msgspec.Struct):
    id: str | None = None
    result: Any = None
    error: _Error | None = None


_decoder = msgspec.json.Decoder(_Answer, strict=False)


def request(call_id: str, method: str, parameters: dict[str, Any]) -> bytes:
    """One line, without its end."""
    body = {"jsonrpc": "2.0", "id": call_id, "method": method, "params": parameters}
    return msgspec.json.encode(body)


def answer_of(line: bytes) -> tuple[str, Any]:
    """(id, result) of an answer; raises :class:`RpcError` or ``msgspec.MsgspecError``."""
    answer = _decoder.decode(line)
    if answer.error is not None:
        raise RpcError(answer.error.code, answer.error.message, answer.error.data)
    return answer.id or "", answer.result


class _Connection:
    """One line to the daemon, and who waits for an answer on it."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.waiting: dict[str, asyncio.Future[Any]] = {}
        self.listening = asyncio.create_task(self._listen())

    @property
    def lost(self) -> bool:
        """Nothing will come by it any more."""
        return self.listening.done()

    def close(self) -> None:
        """Hang up; whoever waits gets :class:`Lost`."""
        self.lines.close()
        self.listening.cancel()

    async def _listen(self) -> None:
        try:
            while True:
                for line in await self.lines.take():
                    self._hear(line)
        except Lost:
            pass
        finally:
            for answer in self.waiting.values():
                if not answer.done():
                    answer.set_exception(Lost())

    def _hear(self, line: bytes) -> None:
        try:
            answer = _decoder.decode(line)
        except msgspec.MsgspecError:
            return
        future = self.waiting.get(answer.id or "")
        if future is None or future.done():
            return
        if answer.error is None:
            future.set_result(answer.result)
        else:
            error = answer.error
            future.set_exception(RpcError(error.code, error.message, error.data))


class Rpc:
    """One connection for calls, made anew when it broke. Frames come by another one."""

    def __init__(self, address: str, world: World) -> None:
        self._address = address
        self._world = world
        self._ids = itertools.count(1)
        self._connection: _Connection | None = None
        self._opening = asyncio.Lock()

    async def call(self, method: str, /, seconds: float = SECONDS, **parameters: Any) -> Any:
        """The result. Raises :class:`RpcError`, or :class:`Lost` when no answer came.

        After :class:`Lost` nobody knows whether the daemon did it.
        """
        connection = await self._connected()
        try:
            return await self._ask(connection, method, parameters, seconds)
        except TimeoutError:
            await self._feel(connection)
            raise Lost from None

    async def close(self) -> None:
        """Hang up."""
        connection = self._connection
        if connection is not None:
            self._drop(connection)
            await asyncio.gather(connection.listening, return_exceptions=True)

    async def _ask(
        self, connection: _Connection, method: str, parameters: dict[str, Any], seconds: float
    ) -> Any:
        call_id = f"c{next(self._ids)}"
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        connection.waiting[call_id] = answer
        try:
            connection.lines.write(request(call_id, method, parameters))
            return await self._world.within(seconds, answer)
        finally:
            connection.waiting.pop(call_id, None)

    async def _feel(self, connection: _Connection) -> None:
        """One call got no answer: hang up only if the line is dead, for others wait on it, too."""
        try:
            await self._ask(connection, "version", {}, PULSE)
        except (TimeoutError, Lost):
            self._drop(connection)  # half-open, or the daemon is stuck
        except RpcError:
            pass  # an answer

    async def _connected(self) -> _Connection:
        async with self._opening:
            if self._connection is None or self._connection.lost:
                self._connection = _Connection(await connect(self._address))
            return self._connection

    def _drop(self, connection: _Connection) -> None:
        connection.close()
        if self._connection is connection:
            self._connection = None


class _Account(msgspec.Struct):
    number: str = ""


async def numbers_of(rpc: Rpc) -> list[str]:
    """Those that the daemon has. Raises :class:`RpcError`, :class:`Lost`, or a validation error."""
    found = msgspec.convert(await rpc.call("listAccounts"), list[_Account])
    return [one.number for one in found if one.number]
