"""The words behind Telegram's menu button. They say nothing of what this bot is about."""

from collections.abc import Iterator
from typing import Final

from bots.core import Texts
from i18n import languages

COMMANDS: Final = {
    "menu": "engine/menu_button/text",
    "back": "engine/back/text",
    "skip": "engine/skip/text",
}


def command_lists(texts: Texts) -> Iterator[tuple[str | None, list[tuple[str, str]]]]:
    """(two-letter language or None for everybody, [(command, description)])."""
    yield None, [(command, texts(None, text)) for command, text in COMMANDS.items()]
    done = set()
    for locale in languages().offered:
        code = locale.replace("-", "_").split("_")[0]
        if len(code) == 2 and code not in done:
            done.add(code)
            yield code, [(command, texts(locale, text)) for command, text in COMMANDS.items()]
