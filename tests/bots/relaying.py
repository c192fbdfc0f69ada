"""A relay on the stand-in backend, in-process, with an adapter that a test plays."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bots.core import Delivery, Gone, Inbound, MediaRef, Relay, Sent, Spool, World
from tests.bots.fake_backend import FakeBackend
from tests.bots.slow_world import SlowWorld, until


@dataclass
class PlayedAdapter:
    """Records what it is given; ``act`` may raise ``Later`` or ``Permanent``, or wait."""

    name: str = "telegram"
    sent: list[Delivery] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)
    act: Callable[[Delivery], Awaitable[None]] | None = None

    async def receive(self) -> None:
        """Nothing comes by itself."""
        await asyncio.Event().wait()

    async def send(self, delivery: Delivery) -> Sent:
        """Sent under the delivery's own id."""
        if self.act is not None:
            await self.act(delivery)
        self.sent.append(delivery)
        return Sent((f"m-{delivery.id}",))

    async def say(self, address: str, text: str) -> None:
        """Remembered."""
        self.said.append((address, text))

    def texts(self, address: str | None = None) -> list[str]:
        """What was sent, in order."""
        return [d.text for d in self.sent if address in (None, d.address)]


@dataclass
class FetchingAdapter(PlayedAdapter):
    """Has files by reference; a fetch may meet an exception half-way, or wait."""

    files: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    """What the next fetches end with, after half of the bytes."""
    hold: Callable[[], Awaitable[object]] | None = None

    async def fetch(self, media: MediaRef) -> AsyncGenerator[bytes, None]:
        """In pieces of 64 KiB."""
        self.fetched.append(media.reference)
        if self.hold is not None:
            await self.hold()
        if media.reference not in self.files:
            raise Gone
        data = self.files[media.reference]
        for start in range(0, len(data), 65_536):
            if self.faults and start * 2 >= len(data):
                raise self.faults.pop(0)
            yield data[start : start + 65_536]
        if self.faults:
            raise self.faults.pop(0)


@dataclass
class Running:
    """What a test holds."""

    relay: Relay
    adapter: PlayedAdapter
    backend: FakeBackend
    clock: SlowWorld
    spool_path: Path
    task: "asyncio.Task[None] | None" = None

    async def write(self, event_id: str, address: str, text: str) -> None:
        """Accepted: in the spool when this returns."""
        inbound = Inbound(address=address, kind="text", text=text, locale_hint="en")
        await self.relay.accept(event_id, inbound)

    async def stop(self) -> None:
        """End at once; what it had in hand is left where it is."""
        assert self.task is not None
        self.task.cancel()
        await self.clock.advance_until(self.task.done)

    def start(self) -> None:
        """Let the loops run."""
        self.task = asyncio.create_task(self.relay.run(self.adapter))

    async def ready(self) -> None:
        """The inbox key is there."""
        self.start()
        await until(lambda: not self.relay.health.problems)
        await self.relay._inbox._have.wait()


def english(_hint: str | None, message_id: str) -> str:
    """Stands for the catalogues."""
    return f"<{message_id}>"


@asynccontextmanager
async def running(
    directory: Path,
    backend: FakeBackend,
    *,
    start: bool = True,
    token: str | None = None,
    adapter: PlayedAdapter | None = None,
) -> AsyncIterator[Running]:
    """A relay of the channel telegram, on a clock that stands still."""
    clock = SlowWorld()
    path = directory / "spool" / "telegram.db"
    relay = make_relay(path, backend, clock.world, token or backend.token)
    run = Running(relay, adapter or PlayedAdapter(), backend, clock, path)
    try:
        if start:
            await run.ready()
        yield run
    finally:
        if run.task is not None:
            run.task.cancel()
            await asyncio.gather(run.task, return_exceptions=True)
        else:
            relay._spool.close()
            await relay._http.aclose()


def make_relay(
    path: Path, backend: FakeBackend, world: World, token: str, channel: str = "telegram"
) -> Relay:
    """Over ASGI, without a socket."""
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(backend.app),
        base_url="http://backend",
        headers={"Authorization": f"Bearer {token}"},
    )
    return Relay(
        channel=channel,
        spool=Spool.open(path),
        secret=token,
        http=http,
        texts=english,
        world=world,
    )
