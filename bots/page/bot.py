"""The chat page's bot, for a host process to mount and run."""

import asyncio
import contextlib

from starlette.applications import Starlette

from bots.core import BotSettings, Health, Relay, Texts, World, offline_texts, silence_libraries
from bots.page.adapter import PageAdapter
from bots.page.app import PageApi
from bots.page.files import FileApi
from bots.page.phones import Phones
from bots.page.shelf import Shelf
from i18n import Catalogues


class PageBot:
    """``app`` is mounted at ``/chat/api``; ``run`` (or ``start`` and ``stop``) relays."""

    def __init__(self, relay: Relay, world: World, most_bytes: int) -> None:
        phones, shelf = Phones(world), Shelf()
        self._relay = relay
        self._phones = phones
        self._adapter = PageAdapter(phones, shelf, relay.attachment, world)
        self._task: asyncio.Task[None] | None = None
        self.files = files = FileApi(
            phones=phones,
            accept=relay.accept,
            upload=relay.upload,
            shelf=shelf,
            world=world,
            most_bytes=most_bytes,
        )
        api = PageApi(phones, relay.accept, world, most_bytes)
        self.app = Starlette(routes=[*api.routes(), *files.routes()])
        self.health: Health = relay.health

    async def run(self) -> None:
        """Until cancelled. The backend may come up later than this."""
        try:
            await self._relay.run(self._adapter, grace=1.0)
        finally:
            self.end_streams()

    def end_streams(self) -> None:
        """Ends open streams, which a server that shuts down would wait for."""
        self._phones.end_all()

    async def start(self) -> None:
        """Run in a task of its own."""
        self._task = asyncio.create_task(self.run())

    async def stop(self) -> None:
        """End it in good order."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


def build(settings: BotSettings, texts: Texts | None = None, world: World | None = None) -> PageBot:
    """Opens the spool ``DATA_DIR/spool/page.db``; needs ``RELAIS_BOT_TOKEN_PAGE``.

    Raises :class:`bots.core.ConfigurationError`.
    """
    silence_libraries()
    world = world or World()
    texts = texts or offline_texts(Catalogues.load())
    return PageBot(Relay.open(settings, "page", texts, world), world, settings.max_file_bytes)
