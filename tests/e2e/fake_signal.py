"""A stand-in for signal-cli's daemon: its JSON-RPC over TCP, and what it cannot do here: messages.

Shapes as signal-cli 0.13.19 has them (``tests/bots/test_signal_daemon.py`` holds the answers of the
real one, where it answers offline, against these). It confirms to Signal before anybody listens, so
what it writes to a subscriber who dies is gone; what comes while nobody is subscribed waits.

    with FakeSignal() as signal:
        signal.write("u-7", "hello")
        signal.wait(lambda: signal.texts("u-7") == ["Welcome"])
"""

import asyncio
import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.waiting import wait_for

NUMBER = "+15550000001"
SECOND = "+15550000002"
KNOWN = frozenset(
    {
        *("version", "listAccounts", "subscribeReceive", "unsubscribeReceive", "send"),
        *("remoteDelete", "sendReceipt", "sendTyping", "updateContact", "removeContact"),
        *("quitGroup", "trust", "submitRateLimitChallenge", "getUserStatus", "register"),
        *("verify", "setPin", "updateProfile", "updateConfiguration", "updateAccount"),
        *("startLink", "finishLink", "listIdentities"),
    }
)


@dataclass
class Call:
    """One request: method, parameters, moment (monotonic), and the error given, if any."""

    method: str
    parameters: dict[str, Any]
    at: float
    error: int = 0


@dataclass
class Shown:
    """A message of the bot's, as the person sees it."""

    timestamp: int
    person: str
    account: str
    text: str
    attachments: list[str] = field(default_factory=list)
    edits: int = 0
    versions: list[int] = field(default_factory=list)


@dataclass
class FakeSignal:
    """Thread-safe; drive it from a test while a bot in any process talks to ``address``."""

    numbers: list[str] = field(default_factory=lambda: [NUMBER])
    version: str = "0.13.19"
    socket: Path | None = None
    """Where it listens instead of a port."""
    attachments: Path | None = None
    """The folder that the bot shares."""
    calls: list[Call] = field(default_factory=list)
    messages: list[Shown] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    """People whose account is no more."""
    changed: set[str] = field(default_factory=set)
    """People whose identity key is new and not trusted."""
    changed_at: set[tuple[str, str]] = field(default_factory=set)
    """(person, account) of numbers that saw the new key, besides those that sent to them."""
    limited: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Account -> (challenge token, seconds)."""
    captcha_wanted: bool = False
    pin: str = ""
    """Of the registration lock of a number that is registered anew."""
    offline: bool = False
    """The daemon runs, but Signal cannot be reached."""
    slow: float = 0.0
    """Seconds before each answer."""
    silent: set[str] = field(default_factory=set)
    """Methods that are carried out and never answered."""
    canaries_arrive: bool = True
    frames_first: bool = False
    """A subscriber gets frames before the answer to its subscription."""

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._stamps = itertools.count(1_790_000_000_000)
        self._waiting: deque[bytes] = deque()
        self._flushing = False
        self.written: list[bytes] = []
        """Every frame that went to a subscriber."""
        self._writer: asyncio.StreamWriter | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._subscribed: set[str] = set()
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread
        self._server: asyncio.Server | None = None
        self._port = 0
        self._links = itertools.count(1)
        self._answering: set[asyncio.Task[None]] = set()

    # -- people ----------------------------------------------------------------------------------

    def write(self, person: str, text: str, **more: Any) -> int:
        """Words from a person; their timestamp."""
        return self.send(person, {"message": text, **more})

    def send(self, person: str, data: dict[str, Any], account: str = NUMBER, **more: Any) -> int:
        """Any data message."""
        stamp = next(self._stamps)
        usual = {"timestamp": stamp, "message": None, "expiresInSeconds": 0, "viewOnce": False}
        self.frame(envelope(person, stamp, dataMessage=usual | data) | more, account)
        return stamp

    def file(self, data: bytes, mime: str, **more: Any) -> dict[str, Any]:
        """A file of hers, for ``send(person, {"attachments": [signal.file(…)]})``."""
        assert self.attachments is not None
        name = f"f{next(self._links)}.bin"
        self.attachments.mkdir(parents=True, exist_ok=True)
        (self.attachments / name).write_bytes(data)
        usual = {"contentType": mime, "filename": "IMG_0001.jpg", "id": name, "size": len(data)}
        usual |= {"width": None, "height": None, "caption": None, "uploadTimestamp": 1}
        return usual | more

    def edit(self, person: str, target: int, text: str) -> None:
        """She edits a message."""
        stamp = next(self._stamps)
        data = {"timestamp": stamp, "message": text, "expiresInSeconds": 0, "viewOnce": False}
        inside = {"targetSentTimestamp": target, "dataMessage": data}
        self.frame(envelope(person, stamp, editMessage=inside))

    def take_back(self, person: str, target: int) -> None:
        """She deletes one for everybody."""
        self.send(person, {"remoteDelete": {"timestamp": target}})

    def frame(self, inside: dict[str, Any], account: str = NUMBER, **beside: Any) -> None:
        """Any envelope, to whoever listens (``exception`` beside it)."""
        result = {"envelope": inside, "account": account, **beside}
        body = {
            "jsonrpc": "2.0",
            "method": "receive",
            "params": {"subscription": 0, "result": result},
        }
        self.raw(json.dumps(body).encode())

    def again(self, lines: list[bytes]) -> None:
        """People write once more what nobody read, before anything else."""
        with self._changed:
            self._waiting.extendleft(reversed(lines))
        self._loop.call_soon_threadsafe(self._flush)

    def raw(self, line: bytes) -> None:
        """Any line at all."""
        with self._changed:
            self._waiting.append(line)
        self._loop.call_soon_threadsafe(self._flush)

    # -- what came of it -------------------------------------------------------------------------

    def shown(self, person: str) -> list[Shown]:
        """The bot's messages to this person, as they stand."""
        with self._changed:
            return [one for one in self.messages if one.person == person]

    def texts(self, person: str) -> list[str]:
        """Their texts."""
        return [one.text for one in self.shown(person)]

    def made(self, method: str) -> list[Call]:
        """Calls of one method."""
        with self._changed:
            return [call for call in self.calls if call.method == method]

    def wait(self, condition: Callable[[], bool], timeout: float = 15) -> None:
        """Returns when ``condition`` holds, else :class:`TimeoutError`."""
        wait_for(self._changed, condition, timeout)

    # -- running ---------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """For ``RELAIS_SIGNAL_DAEMON``."""
        return f"unix:{self.socket}" if self.socket else f"127.0.0.1:{self._port}"

    @property
    def listened_to(self) -> bool:
        """Somebody is subscribed."""
        return self._writer is not None

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def start(self) -> None:
        """Listen, on the same port or socket as before."""

        async def listen() -> asyncio.Server:
            if self.socket is not None:
                return await asyncio.start_unix_server(self._talk, self.socket, limit=2**24)
            return await asyncio.start_server(
                self._talk, "127.0.0.1", self._port, limit=2**24, reuse_address=True
            )

        server = asyncio.run_coroutine_threadsafe(listen(), self._loop).result(10)
        self._server = server
        if self.socket is None:
            self._port = server.sockets[0].getsockname()[1]

    def kill(self) -> None:
        """The daemon dies: every connection breaks; Signal keeps what comes meanwhile."""

        async def die() -> None:
            if self._server is not None:
                self._server.close()
            self._writer = None
            for writer in list(self._open):
                writer.transport.abort()
            await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(die(), self._loop).result(10)

    def hang_up(self) -> None:
        """Connections break, but the daemon lives."""

        async def cut() -> None:
            for writer in list(self._open):
                writer.transport.abort()

        asyncio.run_coroutine_threadsafe(cut(), self._loop).result(10)

    # -- the daemon's side -----------------------------------------------------------------------

    def _flush(self) -> None:
        """Whatever is written is confirmed, whether somebody reads it or not."""
        while self._writer is not None and (place := self._next()) is not None:
            if self._writer.transport.is_closing():
                self._writer = None
                return
            if self._writer.transport.get_write_buffer_size() > 0:
                if not self._flushing:  # the real one blocks here, too
                    self._flushing = True
                    self._loop.call_later(0.002, self._flush_again)
                return
            with self._changed:
                line = self._waiting[place]
                del self._waiting[place]
                self.written.append(line)
                self._changed.notify_all()
            self._writer.write(line + b"\n")

    def _flush_again(self) -> None:
        self._flushing = False
        self._flush()

    def _next(self) -> int | None:
        """Who subscribes hears the accounts of that moment, as signal-cli 0.13.19 has it."""
        with self._changed:
            deaf = [f'"account": "{one}"'.encode() for one in {*self.numbers} - self._subscribed]
            lines = enumerate(self._waiting)
            return next((n for n, line in lines if not any(one in line for one in deaf)), None)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while line := await reader.readline():
                task = asyncio.create_task(self._answer(line, writer))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)
        except (OSError, ValueError):
            pass
        finally:
            self._open.discard(writer)
            if self._writer is writer:
                self._writer = None
            writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            asked = json.loads(line)
            method, parameters = asked["method"], asked.get("params") or {}
        except (ValueError, KeyError, TypeError):
            _reply(writer, {"jsonrpc": "2.0", "error": _error(-32700, "Unrecognized"), "id": None})
            return
        if self.slow:
            await asyncio.sleep(self.slow)
        with self._changed:
            outcome = self._carry_out(method, dict(parameters))
            error = outcome.get("error", {}).get("code", 0)
            self.calls.append(Call(method, parameters, time.monotonic(), error))
            self._changed.notify_all()
        subscribed = method == "subscribeReceive" and not error and method not in self.silent
        if subscribed:
            alone = parameters.get("account")
            self._subscribed = self._subscribed | {alone} if alone else set(self.numbers)
        if subscribed and self.frames_first:
            self._writer = writer
            self._flush()
            await asyncio.sleep(0.1)
        if method not in self.silent:
            _reply(writer, {"jsonrpc": "2.0", **outcome, "id": asked.get("id")})
        if subscribed:
            self._writer = writer
            self._flush()

    def _carry_out(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        if method not in KNOWN:
            return _fails(-32601, "Method not implemented")
        if method == "version":
            return {"result": {"version": self.version}}
        if method == "listAccounts":
            return {"result": [{"number": one} for one in self.numbers]}
        if method in ("register", "verify", "startLink", "finishLink"):
            return self._set_up(method, asked)
        if method == "subscribeReceive" and "account" not in asked:
            return {"result": 0}
        if "account" not in asked:
            return _fails(-32602, "Method requires valid account parameter")
        if asked["account"] not in self.numbers:
            return _fails(-32602, "Specified account does not exist")
        if method == "subscribeReceive":
            return {"result": 1}
        if self.offline and method not in ("updateContact", "removeContact", "trust"):
            return _fails(-3, "Failed: java.net.UnknownHostException (PushNetworkException)")
        return self._of_account(method, asked)

    def _of_account(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "send":
                return self._send(asked)
            case "remoteDelete":
                return self._delete(asked)
            case "getUserStatus":
                found = [{"recipient": r, "isRegistered": True} for r in asked["recipient"]]
                return {"result": found}
            case "submitRateLimitChallenge":
                token, _ = self.limited.get(asked["account"], ("", 0))
                if asked["challenge"] != token or not asked["captcha"].endswith("good"):
                    return _fails(-6, "Captcha rejected")
                del self.limited[asked["account"]]
            case "updateAccount" if "username" in asked:
                link = "https://signal.me/#eu/abc"
                return {"result": {"username": f"{asked['username']}", "usernameLink": link}}
            case "listIdentities":
                old, new = (
                    {
                        "uuid": asked["number"],
                        "fingerprint": f"key {at}",
                        "safetyNumber": f"{at}{at} {asked['account'][-1]}",
                        "trustLevel": level,
                        "addedTimestamp": at,
                    }
                    for at, level in ((1, "TRUSTED_UNVERIFIED"), (2, "UNTRUSTED"))
                )
                met = {(one.person, one.account) for one in self.messages}
                known = (asked["number"], asked["account"]) in met | self.changed_at
                return {"result": [old, new] if known else []}
            case "trust":
                self.changed.discard(asked["recipient"])
        return {"result": {}}

    def _send(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "groupId" in asked:
            return {"result": {"timestamp": next(self._stamps), "results": []}}
        (person,), account = asked["recipient"], asked["account"]
        stamp = next(self._stamps)
        failure = self._failure(person, account)
        if failure is not None:
            code, result = failure
            response: dict[str, Any] = {
                "timestamp": stamp,
                "results": [result | {"recipientAddress": {}}],
            }
            error = _error(code, "Failed to send message", {"response": response})
            return {"error": error}
        if person in self.numbers:
            if self.canaries_arrive:
                data: dict[str, Any] = {"timestamp": stamp, "message": asked["message"]}
                self.frame(envelope(account, stamp, dataMessage=data), person)
        elif "editTimestamp" in asked:
            for one in self.messages:
                mine = one.account == account
                if mine and asked["editTimestamp"] in (one.timestamp, *one.versions):
                    one.text, one.edits = asked["message"], one.edits + 1
                    one.versions.append(stamp)
                    break
            else:
                return _fails(-1, "No message to edit")
        else:
            files = list(asked.get("attachments", ()))
            self.messages.append(Shown(stamp, person, account, asked.get("message", ""), files))
        return {"result": {"timestamp": stamp, "results": [{"type": "SUCCESS"}]}}

    def _failure(self, person: str, account: str) -> tuple[int, dict[str, Any]] | None:
        if account in self.limited:
            token, seconds = self.limited[account]
            limit = {"type": "RATE_LIMIT_FAILURE", "token": token, "retryAfterSeconds": seconds}
            return -5, limit
        if person in self.gone:
            return -1, {"type": "UNREGISTERED_FAILURE"}
        if person in self.changed:
            return -4, {"type": "IDENTITY_FAILURE"}
        return None

    def _delete(self, asked: dict[str, Any]) -> dict[str, Any]:
        target = (asked["account"], asked["targetTimestamp"])
        self.messages = [one for one in self.messages if (one.account, one.timestamp) != target]
        return {"result": {"timestamp": next(self._stamps), "results": [{"type": "SUCCESS"}]}}

    def _set_up(self, method: str, asked: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "register":
                if self.captcha_wanted and not str(asked.get("captcha", "")).endswith("good"):
                    return _fails(-1, "Captcha required for verification")
            case "verify":
                if asked["verificationCode"] != "123456":
                    return _fails(-1, "Verify error: code is wrong")
                if self.pin and asked.get("pin") != self.pin:
                    return _fails(-1, "Verification failed! This number is locked with a pin.")
                self.numbers.append(asked["account"])
            case "startLink":
                return {"result": {"deviceLinkUri": "sgnl://linkdevice?uuid=u&pub_key=k"}}
            case "finishLink":
                self.numbers.append(SECOND)
        return {"result": {}}


def envelope(person: str, stamp: int, **inside: Any) -> dict[str, Any]:
    """As the daemon makes them; a person by uuid, or one of our numbers."""
    number = person if person.startswith("+") else None
    return {
        "source": person,
        "sourceNumber": number,
        "sourceUuid": None if number else person,
        "sourceName": "Somebody",
        "sourceDevice": 1,
        "timestamp": stamp,
        "serverReceivedTimestamp": stamp + 1,
        "serverDeliveredTimestamp": stamp + 2,
        **inside,
    }


def _error(code: int, message: str, data: Any = None) -> dict[str, Any]:
    return {"code": code, "message": message, "data": data}


def _fails(code: int, message: str) -> dict[str, Any]:
    return {"error": _error(code, message)}


def _reply(writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(body).encode() + b"\n")
