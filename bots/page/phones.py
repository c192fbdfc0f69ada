"""Who is in front of a chat page now: browsers by the hash of their secret. Memory only."""

import asyncio
import base64
import hashlib
import re
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Any, Final

from bots.core import World

SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
MOST_PHONES: Final = 20_000
MOST_STREAMS: Final = 1_000
STREAMS_EACH: Final = 4
BURST: Final = 20
PER_SECOND: Final = 2.0

Event = dict[str, Any]
Stream = asyncio.Queue[Event | None]
"""None ends it."""


def address_of(secret: str) -> str:
    """What the backend knows her by. The secret itself never leaves this process."""
    digest = hashlib.sha256(secret.encode()).digest()
    return "page:" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(slots=True)
class Phone:
    """One browser profile; its windows' streams, and who waits for its acknowledgements."""

    due: float = 0.0
    streams: deque[Stream] = field(default_factory=deque)
    acks: dict[str, asyncio.Future[str]] = field(default_factory=dict)
    connected: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, event: Event) -> None:
        """To every window."""
        for stream in self.streams:
            stream.put_nowait(event)


class Phones:
    """All of them, bounded."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._phones: OrderedDict[str, Phone] = OrderedDict()
        self._streams = 0

    def of(self, address: str) -> Phone:
        """This phone, made when it is new; long unused ones are forgotten."""
        phone = self._phones.setdefault(address, Phone())
        self._phones.move_to_end(address)
        if len(self._phones) > MOST_PHONES:
            self._forget_one()
        return phone

    def may_write(self, phone: Phone) -> float:
        """0 when another message is within the rate, else the seconds to wait."""
        now = self._world.monotonic()
        due = max(phone.due, now)
        pause = due - now - (BURST - 1) / PER_SECOND
        if pause > 0:
            return pause
        phone.due = due + 1 / PER_SECOND
        return 0.0

    def connect(self, phone: Phone) -> Stream | None:
        """A new window's stream; its oldest is ended when there are too many. None: all full."""
        if self._streams >= MOST_STREAMS:
            return None
        if len(phone.streams) >= STREAMS_EACH:
            phone.streams.popleft().put_nowait(None)
        stream: Stream = asyncio.Queue()
        phone.streams.append(stream)
        phone.connected.set()
        self._streams += 1
        return stream

    def disconnect(self, phone: Phone, stream: Stream) -> None:
        """The window is gone."""
        self._streams -= 1
        if stream in phone.streams:
            phone.streams.remove(stream)
        if not phone.streams:
            phone.connected.clear()

    def end_all(self) -> None:
        """The server stops: every stream ends."""
        for phone in self._phones.values():
            for stream in phone.streams:
                stream.put_nowait(None)

    def _forget_one(self) -> None:
        for address, phone in self._phones.items():
            if not phone.streams and not phone.acks:
                del self._phones[address]
                return
