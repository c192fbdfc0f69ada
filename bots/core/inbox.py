"""The backend's inbox key: fetched, verified against a pinned signer, cached for bad days."""

import asyncio
import base64
import contextlib
from typing import Final

import msgspec

from bots.core.ambient import World, unix
from bots.core.backoff import Backoff
from bots.core.client import BackendClient, PublishedKey
from bots.core.errors import BotError, NotReady
from bots.core.health import Health
from bots.core.spool import Spool
from sealing import Envelope, PublicKey, SealError, seal_envelope, verify

REFRESH_SECONDS: Final = 900.0
READY_SECONDS: Final = 5.0


class Inbox:
    """Seals events. The key is cached in the spool, so a restart without a backend still seals."""

    def __init__(
        self,
        channel: str,
        client: BackendClient,
        spool: Spool,
        world: World,
        health: Health,
        signer: bytes | None,
    ) -> None:
        self._channel = channel
        self._client = client
        self._spool = spool
        self._world = world
        self._health = health
        self._signer = signer
        self._current: tuple[str, PublicKey] | None = None
        self._not_after = 0.0
        self._have = asyncio.Event()
        self._stale = asyncio.Event()

    async def load(self) -> None:
        """Take pin and key from the spool, without asking anybody."""
        self._signer = self._signer or await self._spool.fact("inbox-signer")
        cached = await self._spool.fact("inbox-key")
        if cached:
            with contextlib.suppress(msgspec.MsgspecError):  # damaged: it is fetched anew
                self._adopt(msgspec.json.decode(cached, type=PublishedKey))

    async def refresh(self) -> bool:
        """Fetch the current key; an unsigned or foreign one is refused and the old one stays."""
        published = await self._client.inbox_key()
        if self._signer is None and _verified(published, published.signer):
            await self._spool.remember("inbox-signer", published.signer)
            self._signer = published.signer
        if not self._adopt(published):
            return False
        await self._spool.remember("inbox-key", msgspec.json.encode(published))
        return True

    async def run(self) -> None:
        """Keep the key fresh until cancelled."""
        backoff = Backoff(self._world, most=5.0)
        while True:
            try:
                self._stale.clear()
                fresh = await self.refresh()
            except BotError as error:
                self._health.metrics.errors.labels(error.code).inc()
                self._say_why_not_ready(error)
                await self._world.sleep(backoff.next(error.retry_after))
                continue
            backoff.reset()
            left = self._not_after - self._world.now() if fresh else REFRESH_SECONDS
            await self._pause(min(REFRESH_SECONDS, max(left, 30.0)))

    def expire(self) -> None:
        """The backend does not know this key: fetch again now."""
        self._stale.set()

    async def seal(self, event_id: str, plaintext: bytes) -> Envelope:
        """Seal one event; raises :class:`NotReady` when no key came in time."""
        key_id, public = self._current or await self._first_key()
        return seal_envelope(
            plaintext, key_id=key_id, to=public, channel=self._channel, event_id=event_id
        )

    async def _first_key(self) -> tuple[str, PublicKey]:
        with contextlib.suppress(TimeoutError):
            await self._world.within(READY_SECONDS, self._have.wait())
        if self._current is None:
            raise NotReady("no_inbox_key", "The backend has not answered yet.")
        return self._current

    def _adopt(self, published: PublishedKey) -> bool:
        signer = self._signer or b""
        public = _verified(published, signer)
        if public is None:
            pinned = base64.b64encode(signer).decode()
            self._health.problem(
                "inbox_key_refused",
                f"The backend's inbox key is not signed by the pinned signer {pinned}. If the "
                "backend was set up anew, set RELAIS_INBOX_SIGNER; else somebody stands between.",
            )
            return False
        self._health.clear("inbox_key_refused")
        self._health.clear("no_inbox_key")
        self._current = (published.key_id, public)
        self._not_after = self._end_of(published)
        self._have.set()
        return True

    def _end_of(self, published: PublishedKey) -> float:
        try:
            return unix(published.not_after)
        except ValueError:
            return self._world.now() + REFRESH_SECONDS

    async def _pause(self, seconds: float) -> None:
        try:
            await self._world.within(seconds, self._stale.wait())
        except TimeoutError:
            return

    def _say_why_not_ready(self, error: BotError) -> None:
        if self._current is None:
            self._health.problem(
                "no_inbox_key",
                f"Nothing can be accepted yet ({error.code}). {error.advice}".strip(),
            )


def _verified(published: PublishedKey, signer: bytes) -> PublicKey | None:
    """The key, when the pinned signer vouches for it."""
    message = published.key_id.encode() + published.public
    if published.signer != signer:
        return None
    if not verify(signer, "inbox-key", message, published.signature):
        return None
    try:
        public = PublicKey(published.public)
        seal_envelope(b"", key_id=published.key_id, to=public, channel="", event_id="")
    except SealError:
        return None
    return public
