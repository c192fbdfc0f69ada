"""Files on their way from a messenger to the backend, as streams: no byte of them is kept here.

What the spool holds of a file is its reference, sealed under the bot's own key; then, once the
backend has it, the backend's id. So a crash at any point loses nothing and doubles nothing: the
backend knows an upload again by its event.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from bots.core.ambient import World
from bots.core.backoff import Backoff
from bots.core.delivery import Later
from bots.core.errors import Faulty, Refused, Rejected, Unavailable
from bots.core.health import Health
from bots.core.media import (
    CutOff,
    Discards,
    Fetches,
    Gone,
    Media,
    MediaKept,
    MediaRef,
    MediaRefused,
    Oversized,
)
from bots.core.outage import Backend
from sealing import Box, SealError

log = structlog.get_logger("relais.bot")

AT_ONCE: Final = 4
"""Files under way at the same time, of all people."""
CUT_OFF_MOST: Final = 8
GIVE_UP_AFTER: Final = 900.0
"""After so many broken streams of one file, over so many seconds, its conversation goes on."""
GOOD_FOR: Final = 12 * 3600.0
"""Seconds; the backend drops a file that no turn names within a day."""
STUCK_AFTER: Final = 4

_decoder: Final = msgspec.json.Decoder(Media)
_PLACE: Final = "media"
_FAILING: Final = (
    "A file cannot be handed over ({code}); its conversation waits. See the backend's log and the "
    "space of its store."
)
_PROXY: Final = (
    "A proxy before the backend refuses large bodies. Raise its limit above RELAIS_MAX_FILE_MB."
)

_STREAMS: Final = ("unreachable", "stalled", "cut_off")


@dataclass(frozen=True, slots=True)
class _Failed:
    """One attempt. ``counts``: the file itself may be why."""

    code: str
    pause: float = 0.0
    counts: bool = False


class Carrier:
    """``fetches`` is the adapter, when it can give bytes."""

    def __init__(
        self,
        *,
        box: Box,
        backend: Backend,
        world: World,
        health: Health,
        most_bytes: int,
    ) -> None:
        self._box = box
        self._client, self._outage = backend
        self._world = world
        self._health = health
        self._most_bytes = most_bytes
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._stuck: set[str] = set()
        self.fetches: Fetches | None = None

    def seal(self, event_id: str, media: Media) -> bytes:
        """As the spool keeps it."""
        return self._box.seal(msgspec.json.encode(media), _PLACE, event_id)

    def open(self, event_id: str, sealed: bytes) -> Media:
        """The inverse. After a change of the bot's token the file cannot be found any more."""
        try:
            media: Media = _decoder.decode(self._box.open(sealed, _PLACE, event_id))
        except (SealError, msgspec.MsgspecError):
            return MediaRefused("gone")
        return media

    async def deliver(
        self, event_id: str, media: Media, trouble: Callable[[], None]
    ) -> MediaKept | MediaRefused:
        """Returns when the backend has the file, or when it is certain that it never will.

        Waits out every trouble that passes: a messenger or a backend that is away or full.
        ``trouble`` is called at each failure.
        """
        if isinstance(media, MediaKept) and media.again is not None:
            stale = self._world.now() - media.at > GOOD_FOR
            media = media.again if stale else media
        if not isinstance(media, MediaRef):
            return media
        if self.fetches is None:
            return MediaRefused("unsupported")
        if media.size is not None and media.size > self._most_bytes:
            return MediaRefused("too_large")
        try:
            done = await self._insist(event_id, media, self.fetches, trouble)
        finally:
            self._unstuck(event_id)
        self._health.metrics.files.labels(
            "handed_over" if isinstance(done, MediaKept) else done.why
        ).inc()
        return done

    def discard(self, event_id: str, sealed: bytes | None) -> None:
        """Its turn was taken: the messenger's own copy may go."""
        adapter: object = self.fetches
        if sealed is None or not isinstance(adapter, Discards):
            return
        media = self.open(event_id, sealed)
        file = media.again if isinstance(media, MediaKept) else media
        if isinstance(file, MediaRef):
            adapter.discard(file)

    async def put(self, event_id: str, media: MediaRef, body: AsyncIterator[bytes]) -> MediaKept:
        """One upload of bytes that are at hand now, without a second try. Raises ``BotError``."""
        file_id = await self._client.upload(event_id, media, body)
        self._health.metrics.files.labels("handed_over").inc()
        return MediaKept(file_id, self._world.now())

    async def _insist(
        self, event_id: str, media: MediaRef, fetches: Fetches, trouble: Callable[[], None]
    ) -> MediaKept | MediaRefused:
        backoff = Backoff(self._world, most=120.0)
        began = self._world.monotonic()
        cut_off = 0
        while cut_off < CUT_OFF_MOST or self._world.monotonic() - began < GIVE_UP_AFTER:
            await self._backend_is_there()
            done = await self._attempt(event_id, media, fetches)
            if not isinstance(done, _Failed):
                return done
            trouble()
            cut_off += done.counts
            self._failed(event_id, done.code, backoff.failures)
            await self._world.sleep(backoff.next(done.pause))
        log.error("file_given_up", event_id=event_id)
        return MediaRefused("gone")

    async def _attempt(
        self, event_id: str, media: MediaRef, fetches: Fetches
    ) -> "MediaKept | MediaRefused | _Failed":
        try:
            async with self._slots, aclosing(fetches.fetch(media)) as body:
                file_id = await self._client.upload(event_id, media, body)
            return MediaKept(file_id, self._world.now(), media)
        except Gone:
            return MediaRefused("gone")
        except Oversized:
            return MediaRefused("too_large")
        except Rejected as error:
            return _rejected(error)
        except Later as error:
            return _Failed("messenger_away", error.retry_after or 0.0)
        except CutOff:
            return _Failed("cut_off", counts=True)
        except (Unavailable, Faulty, Refused) as error:
            if error.code == "http_413":
                self._health.problem("proxy_limit", _PROXY)
                return MediaRefused("too_large")
            # A backend that asks for patience says so itself, and what is no answer of ours comes
            # from a proxy or a wrong address; the rest may be the file's own fault.
            ours = isinstance(error, Faulty) and not error.code.startswith("http_")
            return _Failed(error.code, error.retry_after, ours or error.code in _STREAMS)

    async def _backend_is_there(self) -> None:
        """A stream that breaks because the backend went away says nothing of the file."""
        while self._outage.since is not None:
            await self._world.sleep(1)

    def _failed(self, event_id: str, code: str, before: int) -> None:
        self._health.metrics.errors.labels(f"file_{code}").inc()
        log.warning("file_failed", code=code, event_id=event_id)
        if before + 1 >= STUCK_AFTER:
            self._stuck.add(event_id)
            self._health.problem("file_stuck", _FAILING.format(code=code))

    def _unstuck(self, event_id: str) -> None:
        self._stuck.discard(event_id)
        if not self._stuck:
            self._health.clear("file_stuck")


def _rejected(error: Rejected) -> MediaRefused:
    log.warning("file_refused", code=error.code)
    if error.code == "too_large":
        return MediaRefused("too_large")
    return MediaRefused("gone" if error.code == "empty" else "unsupported")
