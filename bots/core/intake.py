"""From the platform to the backend: accepted into the spool, then handed over, person by person."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import structlog

from bots.core.ambient import World
from bots.core.backoff import Backoff
from bots.core.carrying import Carrier
from bots.core.delivery import Delivery
from bots.core.errors import Faulty, Rejected, SpoolError
from bots.core.health import Health
from bots.core.inbound import Inbound
from bots.core.inbox import Inbox
from bots.core.media import Media, MediaKept, MediaRefused
from bots.core.outage import Backend
from bots.core.spool import Kept, Spool
from bots.core.tasks import Tasks
from sealing import Envelope

log = structlog.get_logger("relais.bot")

T = TypeVar("T")
File = MediaKept | MediaRefused | None
"""What a turn says of its event's file."""

_REFUSED: Final = (
    "The backend refused an event ({code}). It is kept, sealed; whoever wrote it gets no answer. "
    "See the backend's log, and then: relais-bot requeue."
)
STUCK_AFTER: Final = 5
_STUCK: Final = (
    "The backend fails again and again at one event; see its log. Whatever else that person"
    " writes waits behind it."
)
PARALLEL: Final = 8
"""People whose turns are under way at once."""


@dataclass(slots=True)
class Lane:
    """One person's events in order. The address lives in memory only: none is ever on the disk."""

    address: str | None = None
    """None while only events of an earlier run wait."""
    locale_hint: str | None = None
    waiting: deque[str] = field(default_factory=deque)
    failing_since: float | None = None
    told: bool = False
    task: "asyncio.Task[None] | None" = None


class Intake:
    """``accept`` is what an adapter calls; ``run`` first drains what an earlier run left."""

    def __init__(  # noqa: PLR0913  one of each part
        self,
        *,
        spool: Spool,
        inbox: Inbox,
        backend: Backend,
        reply: Callable[[Delivery, Callable[[], Awaitable[None]]], None],
        world: World,
        health: Health,
        tasks: Tasks,
        carrier: Carrier,
        name: Callable[[str], bytes],
    ) -> None:
        self._name = name
        self._carrier = carrier
        self._spool = spool
        self._inbox = inbox
        self._client, self._outage = backend
        self._reply = reply
        self._world = world
        self._health = health
        self._slots = asyncio.Semaphore(PARALLEL)
        self._loaded = asyncio.Event()
        self._tasks = tasks
        self.lanes: dict[bytes, Lane] = {}
        """By a keyed hash of the address."""

    async def accept(self, event_id: str, inbound: Inbound, media: Media | None = None) -> None:
        """Returns once the event is sealed and committed. See :class:`bots.core.adapter.Accept`."""
        envelope = await self._inbox.seal(event_id, inbound.plaintext())
        sealed = None if media is None else self._carrier.seal(event_id, media)
        try:
            new = await self._spool.add(
                event_id,
                envelope,
                lambda: self._queue(event_id, inbound),
                sealed,
                self._name(inbound.address),
            )
        except SpoolError as error:
            self._health.problem(error.code, error.advice)
            raise
        self._health.clear("spool_failed")
        self._health.metrics.events.labels("accepted" if new else "duplicate").inc()

    async def put_aside(self, event_id: str, raw: bytes, code: str) -> None:
        """Keep what no adapter understands, sealed. See :class:`bots.core.adapter.Quarantine`."""
        envelope = await self._inbox.seal(event_id, raw)
        await self._set_aside(event_id, Kept(envelope), code)

    async def run(self) -> None:
        """What an earlier run left comes before what came since, in each lane; then they go."""
        await self._persist(self._say_quarantined)
        backlog = await self._persist(self._spool.backlog)
        # Looked at after the read, which may have found what was accepted meanwhile.
        new = {event_id for lane in self.lanes.values() for event_id in lane.waiting}
        for event_id, name in reversed([one for one in backlog if one[0] not in new]):
            self._lane(name).waiting.appendleft(event_id)
            self._health.metrics.spooled.inc()
        self._loaded.set()

    def _queue(self, event_id: str, inbound: Inbound) -> None:
        self._health.metrics.spooled.inc()
        lane = self._lane(self._name(inbound.address))
        lane.address, lane.locale_hint = inbound.address, inbound.locale_hint
        lane.waiting.append(event_id)

    def _lane(self, name: bytes) -> Lane:
        lane = self.lanes.get(name)
        if lane is None:
            lane = self.lanes[name] = Lane()
            lane.task = self._tasks.spawn(self._work(name, lane))
        return lane

    async def _work(self, name: bytes, lane: Lane) -> None:
        await self._loaded.wait()
        while lane.waiting:
            await self._hand_over(lane.waiting[0], lane)
            lane.waiting.popleft()
        del self.lanes[name]

    async def _hand_over(self, event_id: str, lane: Lane) -> None:
        kept = await self._persist(lambda: self._spool.event(event_id))
        if kept is None:
            return
        kept, file = await self._with_file(event_id, kept, lane)
        try:
            delivery = await self._take_turn(event_id, kept.envelope, file, lane)
        except Rejected as error:
            if error.code == "inbox_key_unknown":
                self._inbox.expire()
            code = error.code
            await self._persist(lambda: self._set_aside(event_id, kept, code))
            self._health.problem("events_refused", _REFUSED.format(code=code))
        else:
            # Kept until the reply left: after a crash it is replayed, which hands the reply out
            # at once instead of when the lost lease runs out.
            if delivery is not None:
                self._reply(delivery, lambda: self._forget(event_id))
            else:
                await self._forget(event_id)
            self._carrier.discard(event_id, kept.media)
            self._health.metrics.events.labels("handed_over").inc()
        lane.failing_since = None
        lane.told = False
        self._health.metrics.spooled.dec()

    async def _forget(self, event_id: str) -> None:
        await self._persist(lambda: self._spool.remove(event_id))

    async def _with_file(self, event_id: str, kept: Kept, lane: Lane) -> tuple[Kept, File]:
        """The event's file, at the backend; what became of it is kept, so that it goes once."""
        if kept.media is None:
            return kept, None
        media = self._carrier.open(event_id, kept.media)
        done = await self._carrier.deliver(event_id, media, lambda: self._failing(lane))
        if done is media:
            return kept, done
        sealed = self._carrier.seal(event_id, done)
        await self._persist(lambda: self._spool.set_media(event_id, sealed))
        if isinstance(done, MediaRefused):
            self._carrier.discard(event_id, kept.media)
        return kept._replace(media=sealed), done

    def _failing(self, lane: Lane) -> None:
        if lane.failing_since is None:
            lane.failing_since = self._world.monotonic()

    async def _take_turn(
        self, event_id: str, envelope: Envelope, file: File, lane: Lane
    ) -> Delivery | None:
        backoff = Backoff(self._world)
        failures = 0

        async def once() -> Delivery | None:
            async with self._slots:
                return await self._client.take_turn(event_id, envelope, file)

        while True:
            try:
                delivery = await self._outage.attempt(once)
            except Faulty as error:
                failures += 1
                if failures == STUCK_AFTER:
                    self._health.problem("turn_stuck", _STUCK)
                # This one event fails; the backend puts it aside itself after three times.
                self._failing(lane)
                self._health.metrics.errors.labels(error.code).inc()
                log.warning("turn_failed", code=error.code, event_id=event_id)
                await self._world.sleep(backoff.next(error.retry_after))
            except Rejected:
                self._unstuck(failures)
                raise
            else:
                self._unstuck(failures)
                return delivery

    def _unstuck(self, failures: int) -> None:
        if failures >= STUCK_AFTER:
            self._health.clear("turn_stuck")

    async def _set_aside(self, event_id: str, kept: Kept, code: str) -> None:
        await self._spool.quarantine(event_id, kept, code)
        log.error("quarantined", code=code, event_id=event_id)
        self._health.metrics.events.labels("quarantined").inc()
        await self._say_quarantined()

    async def _say_quarantined(self) -> None:
        count = await self._spool.quarantined()
        self._health.metrics.quarantined.set(count)
        if count:
            self._health.note(
                "quarantined",
                f"{count} event(s) put aside, sealed, in the spool's table 'quarantine'.",
            )

    async def _persist(self, work: Callable[[], Awaitable[T]]) -> T:
        """A step on the bot's own disk, repeated until the disk takes it (replays are harmless)."""
        backoff = Backoff(self._world)
        while True:
            try:
                return await work()
            except SpoolError as error:
                self._health.problem(error.code, error.advice)
                await self._world.sleep(backoff.next())
