"""The Telegram adapter: the contract of ``bots.core`` on one bot token."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import structlog
from telegram.error import BadRequest, InvalidToken, TelegramError

from bots.core import (
    Backoff,
    BotSettings,
    ConfigurationError,
    Delivery,
    Kit,
    MediaRef,
    Pace,
    Pacer,
    Sent,
    serve_app,
    silence_libraries,
)
from bots.telegram.calls import UNKNOWN_BOT, open_bot
from bots.telegram.files import Files
from bots.telegram.polling import Polling
from bots.telegram.profile import Profile
from bots.telegram.sender import Sender
from bots.telegram.updates import Updates
from bots.telegram.webhook import ADVICE, webhook_app
from bots.telegram.wire import ALLOWED

log = structlog.get_logger("relais.telegram")


PACE: Final = Pace(per_second=25.0, burst=10, per_chat=1.0, chat_burst=4)
"""About 30 a second in all, one a second a chat; Telegram bears short bursts."""


class TelegramAdapter:
    """Receives by polling, or by webhook when an address is set; sends what it is given."""

    name = "telegram"

    def __init__(self, settings: BotSettings, kit: Kit) -> None:
        silence_libraries()
        world, health = kit.world, kit.health
        self._settings = settings
        self._world = world
        self._health = health
        self._bot = open_bot(
            settings.secret("telegram_token"), settings.telegram_api_url, settings.telegram_timeout
        )
        pacer = Pacer(world, PACE)
        self._sender = Sender(self._bot, pacer, health, kit.get)
        self._profile = Profile(self._bot, kit.texts, pacer, settings.telegram_name)
        self._files = Files(self._bot, health)
        self._updates = Updates(self._bot, kit)

    async def receive(self) -> None:
        """Until cancelled; :class:`ConfigurationError` when Telegram does not know the token."""
        bot_id = await self._sign_in()
        # Beside: nobody waits with a message for what stands on the bot's profile.
        dressing = asyncio.create_task(self._profile.set())
        try:
            if self._settings.telegram_webhook_url:
                await self._by_webhook(bot_id)
            else:
                await self._insist(self._bot.delete_webhook)
                await Polling(self._bot, self._updates, self._world, self._health).run(bot_id)
        finally:
            dressing.cancel()
            await asyncio.gather(dressing, return_exceptions=True)

    async def close(self) -> None:
        """See :class:`bots.core.adapter.Closes`."""
        await self._updates.close()
        await self._files.close()
        await self._bot.close_connections()

    async def send(self, delivery: Delivery) -> Sent:
        """See :class:`bots.core.Adapter`."""
        return await self._sender.carry_out(delivery)

    async def say(self, address: str, text: str) -> None:
        """See :class:`bots.core.Announces`."""
        await self._sender.say(address, text)

    def fetch(self, media: MediaRef) -> AsyncGenerator[bytes, None]:
        """See :class:`bots.core.Fetches`."""
        return self._files.fetch(media)

    async def _sign_in(self) -> int:
        """The bot's id; waits for Telegram as long as it takes."""
        await self._insist(self._bot.initialize)
        return self._bot.id

    async def _by_webhook(self, bot_id: int) -> None:
        url = self._settings.telegram_webhook_url
        secret = self._settings.secret("telegram_webhook_secret")
        path = urlsplit(url).path or "/"
        app = webhook_app(self._updates, bot_id, secret, path, self._health)
        host, port = self._settings.telegram_webhook_host, self._settings.telegram_webhook_port
        serving = asyncio.ensure_future(serve_app(app, host, port, ADVICE))
        try:
            await self._insist(
                lambda: self._bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED)
            )
            await asyncio.wait({serving})
            serving.result()
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def _insist(self, call: Callable[[], Awaitable[object]]) -> None:
        """Until Telegram takes it; a wrong token ends the bot at once."""
        backoff = Backoff(self._world)
        while True:
            try:
                await call()
            except InvalidToken:
                raise ConfigurationError(UNKNOWN_BOT) from None
            except BadRequest as error:
                raise ConfigurationError(
                    f"Telegram refuses the settings: {error.message}"
                ) from None
            except TelegramError as error:
                self._health.problem("telegram_away", "Telegram does not answer; trying again.")
                log.warning("telegram_away", error=type(error).__name__)
                await self._world.sleep(backoff.next())
            else:
                self._health.clear("telegram_away")
                return
