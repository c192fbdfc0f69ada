"""What Telegram shows of the bot itself, in every language: nothing of what it is about."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import structlog
from telegram import Bot, BotCommand
from telegram.error import TelegramError

from bots.core import Pacer, Texts
from i18n import languages

log = structlog.get_logger("relais.telegram")

COMMANDS: Final = {
    "menu": "engine/menu_button/text",
    "back": "engine/back/text",
    "skip": "engine/skip/text",
}
KEEP: Final = "-"
"""As a name: leave the one that @BotFather has."""
Commands = tuple[tuple[str, str], ...]


def spoken() -> Iterator[tuple[str | None, str | None]]:
    """(locale, its two letters as Telegram wants them); first None, for everybody else."""
    yield None, None
    done = set()
    for locale in languages().offered:
        code = locale.replace("-", "_").split("_")[0]
        if len(code) == 2 and code not in done:
            done.add(code)
            yield locale, code


class Profile:
    """Name, both descriptions and the menu of commands."""

    def __init__(self, bot: Bot, texts: Texts, pacer: Pacer, name: str) -> None:
        self._bot = bot
        self._texts = texts
        self._pacer = pacer
        self._name = name

    async def set(self) -> None:
        """Change what differs. Telegram allows few changes a day: life goes on without them."""
        for what in (self._set_name, self._set_description, self._set_short, self._set_commands):
            try:
                for locale, code in spoken():
                    await what(locale, code)
            except TelegramError as error:
                log.info("profile_not_set", what=what.__name__, error=type(error).__name__)

    async def _change(
        self,
        wanted: object,
        read: Callable[[], Awaitable[Any]],
        write: Callable[[], Awaitable[bool]],
    ) -> None:
        await self._pacer.anyhow()
        if await read() != wanted:
            await self._pacer.anyhow()
            await write()

    async def _set_name(self, locale: str | None, code: str | None) -> None:
        if self._name == KEEP:
            return
        name = self._name or self._texts(locale or "en", "profile/name/text")
        bot = self._bot
        await self._change(
            name,
            lambda: _text(bot.get_my_name(code), "name"),
            lambda: bot.set_my_name(name, code),
        )

    async def _set_description(self, locale: str | None, code: str | None) -> None:
        text = self._texts(locale or "en", "profile/description/text")
        bot = self._bot
        await self._change(
            text,
            lambda: _text(bot.get_my_description(code), "description"),
            lambda: bot.set_my_description(text, code),
        )

    async def _set_short(self, locale: str | None, code: str | None) -> None:
        text = self._texts(locale or "en", "profile/short/text")
        bot = self._bot
        await self._change(
            text,
            lambda: _text(bot.get_my_short_description(code), "short_description"),
            lambda: bot.set_my_short_description(text, code),
        )

    async def _set_commands(self, locale: str | None, code: str | None) -> None:
        wanted = tuple((one, self._texts(locale or "en", text)) for one, text in COMMANDS.items())
        commands = [BotCommand(one, text) for one, text in wanted]
        bot = self._bot
        await self._change(
            wanted,
            lambda: _pairs(bot.get_my_commands(language_code=code)),
            lambda: bot.set_my_commands(commands, language_code=code),
        )


async def _text(asked: Awaitable[Any], field: str) -> str:
    return str(getattr(await asked, field))


async def _pairs(asked: Awaitable[tuple[BotCommand, ...]]) -> Commands:
    return tuple((one.command, one.description) for one in await asked)
