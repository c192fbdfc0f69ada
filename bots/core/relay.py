"""One bot: spool, inbox key, intake, outlet and offline notice around one adapter."""

import asyncio
from typing import Self

import httpx

from bots.core.adapter import Adapter, Announces, Closes
from bots.core.ambient import World
from bots.core.client import BackendClient, open_http
from bots.core.delivery import Delivery
from bots.core.health import Health
from bots.core.inbound import Inbound
from bots.core.inbox import Inbox
from bots.core.intake import Intake
from bots.core.ledger import Ledger
from bots.core.offline import OfflineNotice, Texts
from bots.core.outage import Outage
from bots.core.outlet import Done, Outlet
from bots.core.settings import BotSettings
from bots.core.spool import Spool
from bots.core.tasks import Tasks
from sealing import Box, derive


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
        signer: bytes | None = None,
        offline_after: float = 60.0,
    ) -> None:
        self.channel = channel
        self.health = health = Health(channel)
        self.world = world
        self._spool = spool
        self._http = http
        self._texts = texts
        self._offline_after = offline_after
        self._client = BackendClient(http, channel)
        self._outage = Outage(world, health, grace=offline_after)
        self._inbox = Inbox(channel, self._client, spool, world, health, signer)
        self._tasks = Tasks()
        self._outlet: Outlet | None = None
        # The token is not beside the spool: who holds the disk alone reads nothing of it.
        box = Box(derive(secret.encode(), "bot", "spool"), world.random)
        self._ledger = Ledger(spool, box, health)
        self._intake = Intake(
            spool=spool,
            inbox=self._inbox,
            client=self._client,
            outage=self._outage,
            reply=self._reply,
            world=world,
            health=health,
            tasks=self._tasks,
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
            signer=settings.signer,
            offline_after=settings.offline_after,
        )

    async def accept(self, event_id: str, inbound: Inbound) -> None:
        """See :class:`bots.core.adapter.Accept`."""
        await self._intake.accept(event_id, inbound)

    async def put_aside(self, event_id: str, raw: bytes, code: str) -> None:
        """See :class:`bots.core.adapter.Quarantine`."""
        await self._intake.put_aside(event_id, raw, code)

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
        tasks = [asyncio.ensure_future(part) for part in parts]
        try:
            # Not gather, which would cancel the parts itself, and us a second time while they stop.
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in ended:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
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
