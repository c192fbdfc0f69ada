"""The Matrix adapter: the contract of ``bots.core`` on one account of a homeserver."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import structlog

from bots.core import (
    Backoff,
    BotSettings,
    Delivery,
    Kit,
    Later,
    MediaRef,
    Sent,
    silence_libraries,
)
from bots.matrix.account import Account
from bots.matrix.files import Files
from bots.matrix.mends import AWAY, Client
from bots.matrix.reading import Reader
from bots.matrix.rooms import Rooms
from bots.matrix.sender import Sender
from bots.matrix.signing import Signing
from bots.matrix.state import State
from bots.matrix.syncing import SignedOut, Syncing
from sealing import Box, derive

log = structlog.get_logger("relais.matrix")


@dataclass(slots=True)
class _Open:
    """What lives as long as one sign-in."""

    client: Client
    sender: Sender
    files: Files
    syncing: Syncing


class MatrixAdapter:
    """One device; its keys, and how far it read, lie in ``matrix/`` under the bot's data folder."""

    name = "matrix"

    def __init__(self, settings: BotSettings, kit: Kit) -> None:
        silence_libraries()
        world = kit.world
        key = derive(settings.secret("matrix_store_key").encode(), "bot", "matrix")
        folder = settings.data_dir / "matrix"
        self._settings = settings
        self._kit = kit
        self._world = world
        self._health = kit.health
        self._state = State.open(folder / "state.db", Box(key, world.random))
        pickle_key = derive(key, "bot", "matrix-pickle").hex()
        self._account = Account(settings, self._state, folder, pickle_key, world)
        self._open: _Open | None = None
        self.fingerprint = ""

    async def receive(self) -> None:
        """Until cancelled; :class:`ConfigurationError` when the account cannot be used."""
        backoff = Backoff(self._world)
        while True:
            try:
                opened = await self._begin()
            except Later as error:
                self._health.problem(
                    "matrix_away", "The Matrix server does not answer; trying again."
                )
                await self._world.sleep(backoff.next(error.retry_after or 0))
                continue
            self._health.clear("matrix_away")
            self._health.clear("matrix_token")
            backoff.reset()
            try:
                await opened.syncing.run()
            except SignedOut:
                log.warning("signed_out")
            finally:
                await self._end()

    async def send(self, delivery: Delivery) -> Sent:
        """See :class:`bots.core.Adapter`."""
        if self._open is None:
            raise Later(1.0)
        return await self._open.sender.carry_out(delivery)

    async def say(self, address: str, text: str) -> None:
        """See :class:`bots.core.Announces`."""
        if self._open is None:
            raise Later(1.0)
        await self._open.sender.say(address, text, self._world.random(16).hex())

    async def fetch(self, media: MediaRef) -> AsyncGenerator[bytes, None]:
        """See :class:`bots.core.Fetches`."""
        if self._open is None:
            raise Later(1.0)
        async for chunk in self._open.files.fetch(media):
            yield chunk

    async def close(self) -> None:
        """See :class:`bots.core.adapter.Closes`."""
        await self._end()
        self._state.close()

    async def _begin(self) -> _Open:
        client = await self._account.open()
        client.malformed = self._malformed
        try:
            await self._publish(client)
        except BaseException:
            await client.stop()
            raise
        sender = Sender(client, self._state, self._kit)
        rooms = Rooms(client, self._state, self._kit)
        reader = Reader(client, self._state, rooms, sender, self._kit)
        syncing = Syncing(client, self._state, rooms, reader, self._kit)
        self._open = _Open(client, sender, Files(client), syncing)
        return self._open

    async def _publish(self, client: Client) -> None:
        """The device's keys, signed by the account's own."""
        try:
            if client.should_upload_keys:
                await client.keys_upload()
            password = self._settings.matrix_password
            signing = Signing(
                client,
                self._state,
                self._world,
                password.get_secret_value() if password else "",
            )
            await signing.publish()
            self.fingerprint = signing.fingerprint
            log.info("signed_in", key=signing.fingerprint)
        except AWAY:
            raise Later(None) from None

    def _malformed(self, what: str) -> None:
        self._health.metrics.events.labels(f"malformed_{what}").inc()
        log.warning("malformed", what=what)

    async def _end(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            await opened.files.close()
            await opened.client.stop()
