"""One bot: spool, inbox key, intake, outlet and offline notice around one adapter."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Self

import httpx

from bots.core.adapter import Adapter, Announces, Closes, Kit
from bots.core.ambient import World
from bots.core.carrying import Carrier
from bots.core.client import BackendClient, open_http
from bots.core.delivery import Delivery
from bots.core.errors import BotError
from bots.core.frames import Frames
from bots.core.health import Health
from bots.core.inbound import Inbound
from bots.core.inbox import Inbox
from bots.core.intake import Intake
from bots.core.ledger import Ledger
from bots.core.media import Fetches, Media, MediaKept, MediaRef
from bots.core.offline import OfflineNotice
from bots.core.outage import Backend, Outage
from bots.core.outlet import Done, Outlet
from bots.core.settings import BotSettings
from bots.core.spool import Spool
from bots.core.tasks import Tasks, together
from bots.core.texts import Texts
from sealing import Box, derive


@dataclass(frozen=True, slots=True)
class Terms:
    """What an operator may set. ``signer`` of inbox keys; seconds; bytes."""

    signer: bytes | None = None
    offline_after: float = 60.0
    most_bytes: int = 20_000_000


_USUAL: Final = Terms()


class Relay:
    """Made before its adapter, because the adapter needs :meth:`accept`."""

    def __init__(
        self,
        *,
        channel: str,
        spool: Spool,
        secret: str,
        http: httpx.AsyncClient,
        texts: Texts,
        world: World,
        terms: Terms = _USUAL,
    ) -> None:
        self.channel = channel
        self.health = health = Health(channel)
        self.world = world
        self._spool = spool
        self._http = http
        self._texts = texts
        self._offline_after = terms.offline_after
        self._client = BackendClient(http, channel)
        self._outage = Outage(world, health, grace=terms.offline_after)
        self._inbox = Inbox(channel, self._client, spool, world, health, terms.signer)
        self._tasks = Tasks()
        self._outlet: Outlet | None = None
        # The token is not beside the spool: who holds the disk alone reads nothing of it.
        box = Box(derive(secret.encode(), "bot", "spool"), world.random)
        self._naming = derive(secret.encode(), "bot", "names")
        self._ledger = Ledger(spool, box, health)
        self._frames = Frames(spool, box, world)
        self._carrier = Carrier(
            box=box,
            backend=Backend(self._client, self._outage),
            world=world,
            health=health,
            most_bytes=terms.most_bytes,
        )
        self._intake = Intake(
            spool=spool,
            inbox=self._inbox,
            backend=Backend(self._client, self._outage),
            reply=self._reply,
            world=world,
            health=health,
            tasks=self._tasks,
            carrier=self._carrier,
            name=self._lane,
        )

    @classmethod
    def open(cls, settings: BotSettings, channel: str, texts: Texts, world: World) -> Self:
        """From settings; :class:`ConfigurationError` says at once what is wrong with them."""
        token = settings.secret(f"bot_token_{channel}")
        return cls(
            channel=channel,
            spool=Spool.open(settings.spool_path(channel)),
            secret=token,
            http=open_http(settings.backend_url, token),
            texts=texts,
            world=world,
            terms=Terms(settings.signer, settings.offline_after, settings.max_file_bytes),
        )

    def name(self, *parts: str) -> str:
        """32 hex digits that tell nobody without the bot's token what they stand for.

        Event ids are made of it: a messenger's own may hold an account's number.
        """
        text = "\0".join(parts).encode("utf-8", "replace")
        return hashlib.blake2b(text, key=self._naming, digest_size=16).hexdigest()

    def _lane(self, address: str) -> bytes:
        """Whose it is, for the spool."""
        return bytes.fromhex(self.name("lane", address))

    @property
    def kit(self) -> Kit:
        """For the adapter."""
        return Kit(
            accept=self.accept,
            put_aside=self.put_aside,
            get=self.attachment,
            frames=self._frames,
            name=self.name,
            lane=self._lane,
            texts=self._texts,
            world=self.world,
            health=self.health,
        )

    async def accept(self, event_id: str, inbound: Inbound, media: Media | None = None) -> None:
        """See :class:`bots.core.adapter.Accept`."""
        await self._intake.accept(event_id, inbound, media)

    async def upload(self, event_id: str, media: MediaRef, body: AsyncIterator[bytes]) -> MediaKept:
        """Hand bytes that are at hand now to the backend, before their event is accepted.

        Raises ``BotError``; whoever has the bytes tries again, under the same event id.
        """
        return await self._carrier.put(event_id, media, body)

    async def attachment(self, delivery: Delivery, number: int) -> bytes | None:
        """See :class:`bots.core.adapter.GetAttachment`."""
        try:
            data = await self._client.attachment(delivery.id, number)
        except BotError as error:
            self.health.metrics.attachments.labels(error.code).inc()
            return None
        if hashlib.sha256(data).hexdigest() != delivery.attachments[number].sha256:
            self.health.metrics.attachments.labels("other_bytes").inc()
            return None
        return data

    async def put_aside(self, event_id: str, raw: bytes, code: str) -> None:
        """See :class:`bots.core.adapter.Quarantine`."""
        await self._intake.put_aside(self.name("aside", event_id), raw, code)

    async def run(self, adapter: Adapter, grace: float = 5.0) -> None:
        """Until cancelled, or until a part fails for good. Closes everything it opened."""
        self._outlet = Outlet(
            adapter=adapter,
            client=self._client,
            outage=self._outage,
            world=self.world,
            health=self.health,
            tasks=self._tasks,
            ledger=self._ledger,
        )
        self._carrier.fetches = adapter if isinstance(adapter, Fetches) else None
        await self._inbox.load()
        await self._ledger.load()
        parts = [
            self._inbox.run(),
            self._intake.run(),
            self._outlet.run(),
            self._tasks.watch(),
            adapter.receive(),
        ]
        if isinstance(adapter, Announces):
            parts.append(self._notice(adapter).run())
        try:
            await together(*parts)
        finally:
            await self._outlet.close(grace)
            await self._tasks.close()
            if isinstance(adapter, Closes):
                await adapter.close()
            await self._http.aclose()
            self._spool.close()

    def _notice(self, speaker: Announces) -> OfflineNotice:
        return OfflineNotice(
            intake=self._intake,
            outage=self._outage,
            speaker=speaker,
            texts=self._texts,
            world=self.world,
            health=self.health,
            after=self._offline_after,
        )

    def _reply(self, delivery: Delivery, after: Done) -> None:
        if self._outlet is not None:
            self._outlet.submit(delivery, after)
